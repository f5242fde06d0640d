mod a;
mod b;
mod c;

pub use a::A;
