//! Commands on posts.

use std::sync::Arc;

use townclerk_app::access::Guarded;
use townclerk_app::command::Handlers;
use townclerk_app::http::commands::Commands;
use townclerk_domain::post::PostFact::{
    InterimEnded, InterimExtended, PostCreated, PostDeleted, PostFilled, PostRingfenced,
    PostVacated,
};
use townclerk_domain::post::PostRules;

use crate::{OFFICE, SYSTEM};

const POSTS: &str = "/v1/logs/{log}/posts";

pub(crate) fn routes(guarded: Guarded, handlers: Arc<Handlers<PostRules>>) -> Guarded {
    let commands = Commands::new(handlers, SYSTEM);
    let on_one = |command: &str| format!("{POSTS}/{{id}}/{command}");
    let ringfence = commands.on_existing(PostRingfenced);
    let fill = commands.on_existing(PostFilled);
    let extend_interim = commands.on_existing(InterimExtended);
    let end_interim = commands.on_existing(InterimEnded);
    let vacate = commands.on_existing(PostVacated);
    let delete = commands.on_existing(PostDeleted);
    guarded
        .post(POSTS, OFFICE, commands.creating(PostCreated))
        .post(&on_one("ringfence"), OFFICE, ringfence)
        .post(&on_one("fill"), OFFICE, fill)
        .post(&on_one("extend-interim"), OFFICE, extend_interim)
        .post(&on_one("end-interim"), OFFICE, end_interim)
        .post(&on_one("vacate"), OFFICE, vacate)
        .post(&on_one("delete"), OFFICE, delete)
        .post(&on_one("correct"), OFFICE, commands.correcting())
        .post(&on_one("void"), OFFICE, commands.voiding())
}
