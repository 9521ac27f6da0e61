//! From a pod's name to the workload that made it. Kubernetes draws the random parts of names from letters and digits
//! without vowels and look-alikes, so that ordinary words are not taken for random.

/// The workload: `gateway` for `gateway-7d4b9c6f5-x2kvq`, `db` for `db-0`, `agent` for `agent-x2kvq`.
pub(super) fn of_pod(pod: &str) -> &str {
    if let Some((rest, last)) = pod.rsplit_once('-') {
        if last.len() == 5 && is_random(last) {
            return match rest.rsplit_once('-') {
                Some((name, hash)) if (8..=10).contains(&hash.len()) && is_random(hash) => name,
                _ => rest,
            };
        }
        if !last.is_empty() && last.len() <= 3 && last.bytes().all(|byte| byte.is_ascii_digit()) {
            return rest;
        }
    }
    pod
}

fn is_random(text: &str) -> bool {
    text.bytes().all(|byte| b"bcdfghjklmnpqrstvwxz0123456789".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_lead_to_workloads() {
        for (pod, workload) in [
            ("coredns-57ff979f67-bl27n", "coredns"),
            ("gateway-7d4b9c6f5-x2kvq", "gateway"),
            ("kube-bench-drn4j", "kube-bench"),
            ("db-0", "db"),
            ("node-setup-abcde", "node-setup-abcde"),
            ("webapp-pod", "webapp-pod"),
            ("one", "one"),
            ("", ""),
        ] {
            assert_eq!(of_pod(pod), workload, "{pod}");
        }
    }
}
