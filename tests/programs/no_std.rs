//! Uses the crate without std and without an allocator. It exits with the queries per minute of
//! `qwen-plus`, divided by ten to fit an exit code.

#![no_std]
#![no_main]

use core::fmt::Write;

use model_studio_limits::{Model, model};

/// The C library's entry point, which is what is left to begin at without std.
#[unsafe(no_mangle)]
pub extern "C" fn main() -> i32 {
    let model = Model::from_name("qwen-plus").unwrap_or(model!("qwen-max"));
    let queries = model.limits().queries_per_minute();
    let Err(error) = "qwen-pluss".parse::<Model>() else {
        return 1;
    };
    let mut shown = Count(0);
    if write!(shown, "{error}").is_err() || shown.0 != 53 {
        return 2;
    }
    queries.map_or(3, |queries| queries.get() as i32 / 10)
}

/// Counts the bytes that are written.
struct Count(usize);

impl Write for Count {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

/// `core` comes compiled for unwinding too, and refers to this without ever calling it here.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

#[link(name = "c")]
unsafe extern "C" {}
