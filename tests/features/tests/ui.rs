//! The compiler's messages for calls of `model!` from the table of a region.

#[test]
fn calls_compile_or_fail_with_the_expected_message() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*.rs");
    cases.pass("tests/ui/pass/*.rs");
}
