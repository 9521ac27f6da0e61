//! The files of the fleet: segments written once, mapped and merged.
