//! The gateway between clients and a provider of which both can misbehave.

mod bodies;
mod breakage;
mod common;
mod first_event;
mod headers;
mod interruptions;
mod keys;
mod limits;
mod models;
mod queue;
mod refusals;
mod reload;
mod smuggling;
mod streams;
mod tasks;
