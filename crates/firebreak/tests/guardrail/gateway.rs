//! A real LiteLLM gateway whose models answer by heart, so that no model is needed behind it.

use crate::process::{Guard, Running, ask};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The gateway's master key, which is nobody else's.
const KEY: &str = "sk-lab-0123456789abcdef";

/// A gateway that answers.
pub(crate) struct Gateway {
    _process: Running,
    address: String,
}

impl Gateway {
    /// Starts one that asks `guard`, before and after each model.
    pub(crate) fn start(lab: &Path, directory: &Path, guard: &Guard) -> Gateway {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = directory.join("litellm.yaml");
        std::fs::write(&config, settings(guard)).unwrap();
        let log = std::fs::File::create(directory.join("litellm.log")).unwrap();
        let child = Command::new(lab.join("litellm/bin/litellm"))
            .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--config"])
            .arg(&config)
            .current_dir(directory)
            .env("LITELLM_LOG", "ERROR")
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        let gateway = Gateway { _process: Running(child.unwrap()), address: format!("127.0.0.1:{port}") };
        gateway.wait(directory);
        gateway
    }

    fn wait(&self, directory: &Path) {
        let until = Instant::now() + Duration::from_secs(120);
        while Instant::now() < until {
            if std::net::TcpStream::connect(&self.address).is_ok()
                && ask(&self.address, "GET", "/health/liveliness", &[], b"").0 == 200
            {
                return;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        panic!("the gateway did not start: {}", std::fs::read_to_string(directory.join("litellm.log")).unwrap());
    }

    /// What someone who asks a model gets.
    pub(crate) fn chat(&self, model: &str, text: &str, stream: bool) -> (u16, String) {
        let body = json!({"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]});
        let authorization = format!("authorization: Bearer {KEY}");
        ask(&self.address, "POST", "/v1/chat/completions", &[&authorization], body.to_string().as_bytes())
    }

    /// The text of an answer that streams.
    pub(crate) fn streamed(&self, model: &str, text: &str) -> String {
        let (status, said) = self.chat(model, text, true);
        assert_eq!(status, 200, "{said}");
        let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
        events.filter_map(|event| Some(event["choices"][0]["delta"]["content"].as_str()?.to_owned())).collect()
    }
}

/// YAML is JSON too.
fn settings(guard: &Guard) -> String {
    let model = |name: &str, says: String| json!({"model_name": name, "litellm_params": {"model": "openai/by-heart", "api_key": "none", "mock_response": says}});
    let leaky = format!("{}The SSN is 536-22-1847, as you know. {}the end", "word ".repeat(60), "word ".repeat(60));
    json!({
        "model_list": [model("plain", "Paris is the capital.".to_owned()), model("leaky", leaky)],
        "litellm_settings": {"telemetry": false},
        "general_settings": {"master_key": KEY},
        "guardrails": [{"guardrail_name": "firebreak", "litellm_params": {
            "guardrail": "generic_guardrail_api",
            "mode": ["pre_call", "post_call"],
            "default_on": true,
            "api_base": format!("http://{}", guard.address),
            "api_key": guard.token,
            "unreachable_fallback": "fail_closed",
            "streaming_transform_mode": "incremental_diff",
            "streaming_sampling_rate": 5,
        }}],
    })
    .to_string()
}
