//! Uses the crate without std and without an allocator. The exit code is the queries per minute of
//! `qwen-plus`, divided by ten to fit into one byte.

#![no_std]
#![no_main]

use core::fmt::Write;

use model_studio_limits::{Model, model};

/// The C library calls this function at the start of the program.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    let model = Model::from_name("qwen-plus").unwrap_or(model!("qwen-max"));
    let queries = model.limits().queries_per_minute();
    let Err(error) = "qwen-pluss".parse::<Model>() else {
        return 1;
    };
    let mut text = Text {
        bytes: [0; 64],
        len: 0,
    };
    if write!(text, "{error}").is_err() || text.bytes[..text.len] != *MESSAGE.as_bytes() {
        return 2;
    }
    queries.map_or(3, |queries| queries.get() as i32 / 10)
}

const MESSAGE: &str = "unknown model `qwen-pluss`, did you mean `qwen-plus`?";

/// A text of at most 64 bytes.
struct Text {
    bytes: [u8; 64],
    len: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let space = self.bytes.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        space.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// The compiled `core` refers to this function. This program never calls it.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

#[link(name = "c")]
unsafe extern "C" {}
