//! Refuses, at compile time, a model that does not accept images.
//!
//! ```sh
//! cargo run --example vision --features singapore
//! ```
//!
//! To see the error, replace the name of the model by `qwen3.7-max`, which only accepts text:
//!
//! ```text
//! error[E0080]: evaluation panicked: choose a model that accepts images
//! ```

use model_studio_limits::singapore::{Modality, Model, model};

/// The model that describes images.
const MODEL: Model = model!("qwen3.7-plus");

// An update of the table can change the properties of the model. The program then fails to compile,
// rather than with the first image.
const _: () = assert!(accepts_images(MODEL), "choose a model that accepts images");
const _: () = assert!(
    MODEL.context_window().unwrap() >= 200_000,
    "choose a model with room for many images"
);

/// Returns `true` if the table says that a model accepts images.
///
/// A constant cannot call `contains` or the methods of iterators, so the function uses a loop.
const fn accepts_images(model: Model) -> bool {
    let Some(mut rest) = model.input() else {
        return false;
    };
    while let [first, others @ ..] = rest {
        if matches!(first, Modality::Image) {
            return true;
        }
        rest = others;
    }
    false
}

fn main() {
    println!("Models that accept images:");
    for model in Model::active().filter(|model| accepts_images(*model)) {
        let mark = if model == MODEL { '*' } else { ' ' };
        println!("{mark} {model}");
    }
}
