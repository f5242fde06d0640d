//! An HTTP server on the loopback interface, and programs that use it, for tests.

mod chat;
mod program;
mod server;

pub use chat::{DONE, event, usage_event};
pub use program::run;
pub use server::{Request, Response, Server};
