//! AWS: identity, resource, boundary, organisation and session policies.
