//! How the search walks over the topology: the few ways in which it asks for edges, in one place.

use crate::net::Net;

/// The edges out of `node`.
#[inline]
pub(crate) fn out(net: &Net, node: u32) -> impl Iterator<Item = u32> {
    net.out(node)
}

/// The edges into `node`.
#[inline]
pub(crate) fn into(net: &Net, node: u32) -> impl Iterator<Item = u32> {
    net.incoming(node)
}

/// The edges out of `node` and those that need it beside their origin.
#[inline]
pub(crate) fn onward(net: &Net, node: u32) -> impl Iterator<Item = u32> {
    net.out(node).chain(net.uses(node))
}
