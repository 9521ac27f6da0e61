//! Which directories are mounts that hold no installed files: kernel interfaces and network file systems.

use crate::shown::shown;
use std::collections::HashMap;

/// What the kernel makes up as it is asked.
const KERNEL: &[&str] = &[
    "proc",
    "sysfs",
    "devtmpfs",
    "devpts",
    "cgroup",
    "cgroup2",
    "mqueue",
    "debugfs",
    "tracefs",
    "securityfs",
    "pstore",
    "bpf",
    "autofs",
    "configfs",
    "fusectl",
    "hugetlbfs",
    "binfmt_misc",
    "efivarfs",
    "nsfs",
    "rpc_pipefs",
    "selinuxfs",
];

/// Other machines' disks: they may be endless, and a dead server stops whoever asks.
const NETWORK: &[&str] = &[
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ceph",
    "glusterfs",
    "lustre",
    "afs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.gcsfuse",
    "fuse.rclone",
    "fuse.goofys",
    "fuse.mountpoint-s3",
];

/// The mounts to stay out of, by path, each with its file system.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    skipped: HashMap<String, String>,
}

impl Mounts {
    /// Reads `/proc/self/mountinfo`.
    pub(crate) fn read(bytes: &[u8], with_network: bool) -> Mounts {
        let text = String::from_utf8_lossy(bytes);
        let mut skipped = HashMap::new();
        for line in text.lines() {
            let Some((fields, source)) = line.split_once(" - ") else { continue };
            let (Some(path), Some(kind)) = (fields.split(' ').nth(4), source.split(' ').next()) else { continue };
            if KERNEL.contains(&kind) || (!with_network && NETWORK.contains(&kind)) {
                skipped.insert(shown(&unescaped(path)), kind.to_owned());
            }
        }
        Mounts { skipped }
    }

    /// Where kernel interfaces usually are, for machines that do not tell their mounts.
    pub(crate) fn usual() -> Mounts {
        let usual = [("/proc", "proc"), ("/sys", "sysfs"), ("/dev", "devtmpfs")];
        Mounts { skipped: usual.into_iter().map(|(path, kind)| (path.to_owned(), kind.to_owned())).collect() }
    }

    /// The same mounts, by their paths below `root`.
    pub(crate) fn below(self, root: &str) -> Mounts {
        let below = |(path, kind): (String, String)| Some((path.strip_prefix(root)?.to_owned(), kind));
        Mounts { skipped: self.skipped.into_iter().filter_map(below).collect() }
    }

    /// The file system of the mount at `path`, if it is one to stay out of.
    pub(crate) fn skips(&self, path: &str) -> Option<&str> {
        self.skipped.get(path).map(String::as_str)
    }

    /// Whether that file system is another machine's.
    pub(crate) fn is_network(kind: &str) -> bool {
        NETWORK.contains(&kind)
    }
}

/// The kernel writes blanks and backslashes as `\040` and `\134`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let octal = (*first == b'\\').then(|| after.get(..3)).flatten();
        match octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernel_interfaces_and_other_machines_are_skipped() {
        let info = b"22 1 0:20 / /proc rw - proc proc rw\n23 1 8:1 / / rw - ext4 /dev/vda rw\n\
            24 1 0:9 / /mnt/two\\040words rw,relatime shared:1 - nfs4 server:/x rw\n";
        let mounts = Mounts::read(info, false);
        assert_eq!((mounts.skips("/proc"), mounts.skips("/")), (Some("proc"), None));
        assert_eq!(mounts.skips("/mnt/two words"), Some("nfs4"));
        assert_eq!(Mounts::read(info, true).skips("/mnt/two words"), None);
    }
}
