//! A deployment of Azure DevOps whose repository is on GitHub.

use super::{GitHub, Request, comment, review};
use crate::devops::scene::Scene;

impl GitHub {
    /// Takes the pull requests of a scene over, approved by a member, with their work items linked in their descriptions. The
    /// gate asks it with this token; its address is an argument.
    pub fn takes_over(&self, scene: &mut Scene, token: &str) {
        let requests = std::mem::take(&mut scene.fake.state().pull_requests);
        for (number, request) in requests {
            let items: Vec<String> = request.work_items.iter().map(|item| format!("AB#{item}")).collect();
            let when = "2026-11-24T09:00:00Z";
            self.merged(
                number,
                Request {
                    author: "ada".to_owned(),
                    body: Some(format!("{}\n{}", items.join(" "), request.description.unwrap_or_default())),
                    commits: request.merge_commit.into_iter().collect(),
                    branch: "main".to_owned(),
                    reviews: vec![review("grace", "APPROVED", "MEMBER")],
                    comments: vec![comment("grace", "MEMBER", "- [x] backups-taken: snapshot 42", when)],
                    ..Request::default()
                },
            );
        }
        for (name, value) in [
            ("BUILD_REPOSITORY_PROVIDER", "GitHub"),
            ("BUILD_REPOSITORY_NAME", "contoso/orders"),
            ("GITHUB_TOKEN", token),
        ] {
            scene.set(name, value);
        }
    }
}
