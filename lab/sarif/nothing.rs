//! Nothing: the manifest beside it is fetched for the schema in a dependency.
