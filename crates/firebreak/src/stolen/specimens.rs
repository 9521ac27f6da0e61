//! The specimens, one a platform whose rights a scanner reads.

mod aws;
mod directories;
mod kubernetes;
mod postgres;
mod repositories;

use super::Held;
use super::specimen::Specimen;

/// The specimen of a platform in which Firebreak holds `rights`; none where no scanner reads what they say.
pub(super) fn of(platform: &str, rights: &[Held<'_>]) -> Option<Specimen> {
    match platform {
        "AWS" => Some(aws::specimen(rights)),
        "Kubernetes" => Some(kubernetes::specimen(rights)),
        "PostgreSQL" => Some(postgres::specimen(rights)),
        "Keycloak" => Some(directories::keycloak(rights)),
        "Entra" => Some(directories::entra(rights)),
        "Google Workspace" => Some(directories::google(rights)),
        "GitHub" => Some(repositories::github(rights)),
        "OpenAI" => Some(repositories::openai(rights)),
        _ => None,
    }
}

/// The actions of all rights.
fn actions<'a>(rights: &'a [Held<'a>]) -> impl Iterator<Item = &'a str> {
    rights.iter().map(|held| held.right.action)
}
