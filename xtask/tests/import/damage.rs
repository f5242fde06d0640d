//! Damages pages at random.

/// Pseudorandom numbers, the same in each run.
pub(crate) struct Random(u64);

impl Default for Random {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// Removes, repeats, swaps and changes up to `most` lines of a page.
pub(crate) fn damaged(page: &str, most: usize, random: &mut Random) -> String {
    let mut lines: Vec<_> = page.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(most) {
        let (index, other) = (random.below(lines.len()), random.below(lines.len()));
        match random.below(5) {
            0 => _ = lines.remove(index),
            1 => lines.insert(index, lines[other].clone()),
            2 => lines.swap(index, other),
            3 => lines[index] = lines[index].chars().rev().collect(),
            _ => {
                let end = random.below(lines[index].chars().count() + 1);
                lines[index] = lines[index].chars().take(end).collect();
            }
        }
    }
    lines.join("\n")
}
