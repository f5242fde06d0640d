use fixture::typed::{Modality, Model};

const MODEL: Model = Model::Small;

const _: () = assert!(accepts_images(MODEL), "choose a model that accepts images");

const fn accepts_images(model: Model) -> bool {
    let mut rest = model.input();
    while let [first, others @ ..] = rest {
        if matches!(first, Modality::Image) {
            return true;
        }
        rest = others;
    }
    false
}

fn main() {}
