//! Arbitrary text as an AWS policy: it is read, or every problem says what to do; every decision with it ends, and what
//! could not be read decides nothing.
#![no_main]

use firebreak_permission::aws::{
    Answer, Context, Limits, Membership, Policies, Policy, Principal, Question, Request, Resource, ResourcePolicy, anywhere,
    evaluate,
};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

fuzz_target!(|text: &str| {
    let (policy, problems) = Policy::parse("fuzz", text, Limits::default());
    for problem in &problems {
        assert!(!problem.reason.is_empty() && !problem.hint.is_empty());
    }
    let principal = Principal::session("arn:aws:iam::111122223333:role/r", "s");
    let context = Context::direct();
    let identity = [Arc::new(policy.clone())];
    let policies = Policies {
        identity: &identity,
        boundary: Some(&policy),
        resource: ResourcePolicy::Given(&policy),
        principal_in: Membership::Standalone,
        resource_in: Membership::Standalone,
        ..Policies::default()
    };
    for (action, arn) in [("s3:GetObject", "arn:aws:s3:::b/k"), ("sts:AssumeRole", "arn:aws:iam::111122223333:role/t")] {
        let resource = Resource::new(arn).in_account("111122223333");
        let request = Request { principal: &principal, action, resource: &resource, context: &context };
        let decision = evaluate(&request, &policies);
        assert_eq!(decision.undecided.is_empty(), decision.answer != Answer::May, "{decision:?}");
        assert!(policy.unread.is_none() || decision.answer != Answer::Yes, "what could not be read decided");
    }
    let pattern = "arn:aws:iam::111122223333:role/*";
    let question = Question { principal: &principal, action: "iam:PassRole", pattern, account: None, context: &context };
    std::hint::black_box(anywhere(&question, &policies));
});
