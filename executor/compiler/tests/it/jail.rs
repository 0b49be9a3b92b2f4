//! The jail bites.

use crate::child::{answer, command};

#[test]
fn the_self_test_proves_that_the_jail_holds() {
    let output = command(&["--self-test"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    if cfg!(target_os = "linux") {
        assert_eq!(said.matches("refused (").count(), 7, "{said}");
        assert!(said.ends_with("the jail holds\n"), "{said}");
    }
}

#[test]
fn a_module_without_end_is_read_no_further_than_it_may_be() {
    let module = vec![0; (cartwright_domain::compile::MODULE_BYTES_MAX as usize) * 3];
    let (status, answer) = answer(&module, &[]);
    assert!(status.success(), "{status}");
    let (report, _) =
        cartwright_domain::compile::frame::decode(&answer).expect("it is one whole frame");
    assert_eq!(
        report.size_bytes,
        cartwright_domain::compile::MODULE_BYTES_MAX + 1
    );
}
