pub struct C(pub u8);

impl C {
    // The path leads through the root's re-export and a macro's input.
    pub fn check(&self) -> bool {
        assert!(size_of::<crate::A>() > 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::unknown;
}
