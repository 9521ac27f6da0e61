"""An intruder with stolen credentials against Firebreak, on real servers. Shares no code with Firebreak."""
