//! Events out: a log as a stream of server-sent events.
