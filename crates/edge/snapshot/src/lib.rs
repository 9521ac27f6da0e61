//! What is installed and readable in one environment, read from its disk and its variables; nothing is started.
