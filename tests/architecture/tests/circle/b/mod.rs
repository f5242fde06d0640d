use super::c::*;

pub struct B(pub Box<C>);
