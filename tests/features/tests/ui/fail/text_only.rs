use model_studio_limits::singapore::{Modality, Model, model};

const MODEL: Model = model!("qwen3.7-max");

const _: () = assert!(accepts_images(MODEL), "choose a model that accepts images");

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

fn main() {}
