use fixture::typed::{Modality, Model};

const fn accepts_images(model: Model) -> bool {
    let input = model.input();
    let mut index = 0;
    while index < input.len() {
        if matches!(input[index], Modality::Image) {
            return true;
        }
        index += 1;
    }
    false
}

fn main() {
    const { assert!(accepts_images(Model::Small), "the model accepts no images") };
}
