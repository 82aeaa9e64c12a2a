//! Samples of memberships, programmes and posts.

use townclerk_domain::partnership::{Joined, Left, NoticeGiven, PartnershipFact, PartnershipRules};
use townclerk_domain::post::{
    Appointment, InterimEnded, InterimExtended, PostCreated, PostDeleted, PostFact, PostFilled,
    PostRingfenced, PostRules, PostVacated, Under,
};
use townclerk_domain::programme::{
    FunctionTransferred, PhaseCompleted, PhaseStarted, PlannedPhase, ProgrammeCompleted,
    ProgrammeFact, ProgrammeOpened, ProgrammePaused, ProgrammeResumed, ProgrammeRules,
};
use uuid::Uuid;

use super::{Sampled, code, text};

impl Sampled for PartnershipRules {
    const LOG: &str = "shared";
    // Wrong, and frozen.
    const SERVICE: &str = "ticket-service";

    fn facts() -> Vec<PartnershipFact> {
        let last_day = "2027-03-31".parse().unwrap();
        vec![
            PartnershipFact::CouncilJoined(Joined {
                council: code("brent"),
                name: "London Borough of Brent".to_owned(),
                gss_code: Some("E09000005".to_owned()),
                from: "2016-04-01".parse().unwrap(),
            }),
            PartnershipFact::NoticeGiven(NoticeGiven { last_day }),
            PartnershipFact::CouncilLeft(Left { last_day }),
        ]
    }
}

impl Sampled for ProgrammeRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "restructure-service";

    fn facts() -> Vec<ProgrammeFact> {
        vec![
            ProgrammeFact::ProgrammeOpened(ProgrammeOpened {
                title: text("Restructure of the shared service"),
                phases: vec![
                    PlannedPhase {
                        phase: code("internal-interviews"),
                        from: Some("2020-09-01".parse().unwrap()),
                        to: Some("2020-10-31".parse().unwrap()),
                    },
                    PlannedPhase {
                        phase: code("external-recruitment"),
                        from: None,
                        to: None,
                    },
                ],
            }),
            ProgrammeFact::PhaseStarted(PhaseStarted {
                phase: code("internal-interviews"),
            }),
            ProgrammeFact::PhaseCompleted(PhaseCompleted {
                phase: code("internal-interviews"),
            }),
            ProgrammeFact::ProgrammePaused(ProgrammePaused {
                reason: code("elections"),
                until: Some("2020-12-01".parse().unwrap()),
            }),
            ProgrammeFact::ProgrammeResumed(ProgrammeResumed {}),
            ProgrammeFact::ProgrammeCompleted(ProgrammeCompleted {}),
            ProgrammeFact::FunctionTransferred(FunctionTransferred {
                function: code("programme-office-support"),
                from: code("transformation"),
                to: code("assistant-chief-executive"),
            }),
        ]
    }
}

fn under() -> Option<Under> {
    Some(Under {
        programme: Uuid::from_u128(9),
        phase: code("internal-interviews"),
    })
}

impl Sampled for PostRules {
    const LOG: &str = "shared";
    const SERVICE: &str = "restructure-service";

    fn facts() -> Vec<PostFact> {
        vec![
            PostFact::PostCreated(PostCreated {
                role: code("service-desk-analyst"),
                team: code("service-desk"),
                under: under(),
            }),
            PostFact::PostRingfenced(PostRingfenced {
                group: code("displaced-staff"),
            }),
            PostFact::PostFilled(PostFilled {
                appointment: Appointment::Interim,
                until: Some("2020-12-31".parse().unwrap()),
                under: under(),
            }),
            PostFact::PostFilled(PostFilled {
                appointment: Appointment::Internal,
                until: None,
                under: None,
            }),
            PostFact::InterimExtended(InterimExtended {
                until: "2021-02-28".parse().unwrap(),
            }),
            PostFact::InterimEnded(InterimEnded {}),
            PostFact::PostVacated(PostVacated {
                reason: code("resigned"),
            }),
            PostFact::PostDeleted(PostDeleted { under: under() }),
        ]
    }
}
