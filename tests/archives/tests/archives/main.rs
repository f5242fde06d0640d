//! Builds and runs programs that depend on the packaged archives, as users' programs do.

mod guide;
mod overlay;
mod package;
mod programs;
mod rebuild;
