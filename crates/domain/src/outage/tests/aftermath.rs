//! Why it was, and what is done about it: causes, actions, links, recurrences.

use super::*;
use crate::decider::Rejection;

#[test]
fn a_supplier_is_named_only_where_the_cause_was_a_suppliers_and_need_not_be() {
    let asked =
        |party, supplier| given::<OutageRules>([of_brent(&[])]).when(caused_by(party, supplier));
    asked(Party::Own, None).then_recorded();
    asked(Party::Supplier, Some("carrier")).then_recorded();
    asked(Party::Supplier, None).then_recorded();
    asked(Party::Own, Some("carrier")).then_refused(Refusal::SupplierNotAtFault {
        supplier: code("carrier"),
    });
}

#[test]
fn whose_the_cause_was_is_corrected_one_field_after_the_other() {
    let life = |party, supplier| given::<OutageRules>([of_brent(&[]), caused_by(party, supplier)]);
    let found = |outage: Option<Outage>| {
        let cause = outage.unwrap().cause.unwrap();
        (cause.party, cause.supplier)
    };
    let theirs = life(Party::Own, None)
        .corrected(1, "party", "own", "supplier")
        .corrected(1, "supplier", "", "carrier");
    assert_eq!(
        found(theirs.state()),
        (Party::Supplier, Some(code("carrier")))
    );
    let ours = life(Party::Supplier, Some("carrier"))
        .corrected(1, "supplier", "carrier", "")
        .corrected(1, "party", "supplier", "own");
    assert_eq!(found(ours.state()), (Party::Own, None));
    life(Party::Supplier, Some("carrier"))
        .when_corrected(1, "party", "supplier", "own")
        .then_rejected(Rejection::ContradictsLater {
            happened: given_time(1),
            refusal: Refusal::SupplierNotAtFault {
                supplier: code("carrier"),
            },
        });
}

#[test]
fn a_cause_that_is_found_later_replaces_the_one_before() {
    let life = [
        of_brent(&[]),
        caused_by(Party::Own, None),
        caused_by(Party::Supplier, Some("carrier")),
    ];
    given::<OutageRules>(life[..2].to_vec())
        .when(life[2].clone())
        .then_recorded();
    assert_eq!(after(&life).cause.unwrap().party, Party::Supplier);
}

#[test]
fn an_action_is_agreed_once_and_64_in_all() {
    given::<OutageRules>([of_brent(&[]), agreed("first")])
        .when(agreed("first"))
        .then_refused(Refusal::AlreadyAgreed {
            action: code("first"),
        });
    let life = |count| {
        let actions = (0..count).map(|n| agreed(&format!("a{n}")));
        [of_brent(&[])]
            .into_iter()
            .chain(actions)
            .collect::<Vec<_>>()
    };
    given::<OutageRules>(life(63))
        .when(agreed("last"))
        .then_recorded();
    given::<OutageRules>(life(64))
        .when(agreed("last"))
        .then_refused(Refusal::TooManyActions);
}

#[test]
fn an_action_is_completed_once_and_only_if_it_was_agreed() {
    let life = || vec![of_brent(&[]), agreed("first"), completed("first")];
    given::<OutageRules>(life())
        .when(completed("first"))
        .then_refused(Refusal::AlreadyCompleted {
            action: code("first"),
            at: given_time(2),
        });
    given::<OutageRules>(life())
        .when(completed("second"))
        .then_refused(Refusal::NotAgreed {
            action: code("second"),
            agreed: codes(&["first"]),
        });
    let known = after(&life());
    assert_eq!(known.actions[0].completed, Some(given_time(2)));
}

#[test]
fn an_outage_is_closed_whether_or_not_its_actions_are_complete() {
    let life = || vec![of_brent(&[]), agreed("first"), resolved(), closed()];
    given::<OutageRules>(life()[..3].to_vec())
        .when(closed())
        .then_recorded();
    given::<OutageRules>(life())
        .when(completed("first"))
        .then_recorded();
    let closed_at = Refusal::AlreadyClosed { at: given_time(3) };
    given::<OutageRules>(life())
        .when(agreed("second"))
        .then_refused(closed_at);
}

#[test]
fn each_cause_is_linked_once() {
    given::<OutageRules>([of_brent(&[]), linked(ReferenceKind::Change)])
        .when(linked(ReferenceKind::Change))
        .then_refused(Refusal::AlreadyLinked {
            cause: reference(ReferenceKind::Change),
        });
    given::<OutageRules>([of_brent(&[]), linked(ReferenceKind::Change)])
        .when(linked(ReferenceKind::Outage))
        .then_recorded();
}

#[test]
fn what_recurs_is_an_outage_and_is_named_once() {
    let life = || vec![of_brent(&[]), resolved()];
    for found in [ReferenceKind::Ticket, ReferenceKind::Change] {
        given::<OutageRules>(life())
            .when(recurred(found))
            .then_refused(Refusal::NotAnOutage { found });
    }
    let again = recurred(ReferenceKind::Outage);
    given::<OutageRules>([life(), vec![again.clone()]].concat())
        .when(again)
        .then_refused(Refusal::AlreadyRecurred {
            outage: reference(ReferenceKind::Outage),
        });
}
