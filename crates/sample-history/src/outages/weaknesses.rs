//! What fails, how, and how often: sample data. Nothing of the core network, the storage or the
//! interconnect, whose outages are published.

/// Service, its title, what of it fails, how it fails, and whose fault that is.
pub type Weakness = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// Each with how often it is the one that shows.
pub const WEAKNESSES: [(Weakness, u32); 20] = [
    (("email", "Email", "email", "software", None), 6),
    (("email", "Email", "email", "capacity", None), 4),
    (
        (
            "email",
            "Email",
            "email-filter",
            "software",
            Some("filter-supplier"),
        ),
        4,
    ),
    (("telephony", "Telephony", "telephony", "hardware", None), 6),
    (
        (
            "telephony",
            "Telephony",
            "telephony",
            "carrier",
            Some("telephony-supplier"),
        ),
        8,
    ),
    (("network", "Wireless", "wireless", "hardware", None), 9),
    (("network", "Wireless", "wireless", "change", None), 3),
    (
        (
            "network",
            "Remote access",
            "remote-access",
            "capacity",
            None,
        ),
        8,
    ),
    (
        (
            "network",
            "Internet access",
            "internet-link",
            "carrier",
            Some("internet-supplier"),
        ),
        7,
    ),
    (("printing", "Printing", "printing", "hardware", None), 4),
    (
        (
            "finance",
            "Finance system",
            "finance-system",
            "software",
            Some("finance-supplier"),
        ),
        6,
    ),
    (
        (
            "finance",
            "Finance system",
            "finance-system",
            "change",
            None,
        ),
        3,
    ),
    (("hr", "Personnel system", "hr-system", "software", None), 4),
    (
        (
            "housing",
            "Housing system",
            "housing-system",
            "software",
            Some("housing-supplier"),
        ),
        6,
    ),
    (
        (
            "housing",
            "Housing system",
            "housing-system",
            "change",
            None,
        ),
        3,
    ),
    (
        (
            "revenues-and-benefits",
            "Revenues and benefits",
            "revenues-system",
            "software",
            None,
        ),
        6,
    ),
    (
        (
            "adult-social-care",
            "Adult social care system",
            "adult-care-system",
            "capacity",
            None,
        ),
        5,
    ),
    (
        (
            "website",
            "Website",
            "web",
            "software",
            Some("web-supplier"),
        ),
        7,
    ),
    (("website", "Website", "web", "capacity", None), 3),
    (
        (
            "planning",
            "Planning system",
            "planning-system",
            "hardware",
            None,
        ),
        3,
    ),
];
