//! What a call needs, in the words of Azure DevOps.

/// The permission that a call needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To read a repository and its pull requests.
    ReadRepository(String),
    /// To comment on pull requests and set their status.
    ContributeToPullRequests(String),
    /// To read runs, their artifacts, timelines and tags.
    ViewBuilds,
    /// To change a run's tags, or keep it.
    UpdateBuilds,
    /// To read test results.
    ViewTestRuns,
    /// To read an environment and what was deployed to it.
    ReadEnvironment(String),
    /// To read work items.
    ViewWorkItems,
    /// To make and change work items.
    EditWorkItems,
}

impl Permission {
    /// What the build identity needs: `Contribute to pull requests on the repository orders`.
    ///
    /// ```
    /// use runbook_gate::devops::Permission;
    /// let needed = Permission::ContributeToPullRequests("orders".into());
    /// assert_eq!(needed.words(), "*Contribute to pull requests* on the repository orders");
    /// assert_eq!(needed.scope(), "Code (status) and Code (write)");
    /// ```
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::ReadRepository(name) => format!("*Read* on the repository {name}"),
            Self::ContributeToPullRequests(name) => {
                format!("*Contribute to pull requests* on the repository {name}")
            }
            Self::ViewBuilds => "*View builds* on the pipeline".to_owned(),
            Self::UpdateBuilds => {
                "*Edit build quality* and *Update build information* on the pipeline".to_owned()
            }
            Self::ViewTestRuns => "*View test runs* in the project".to_owned(),
            Self::ReadEnvironment(name) => format!("the role *Reader* on the environment {name}"),
            Self::ViewWorkItems => "*View work items in this node* on the area path".to_owned(),
            Self::EditWorkItems => "*Edit work items in this node* on the area path".to_owned(),
        }
    }

    /// The scope that a personal access token needs for the same.
    #[must_use]
    pub const fn scope(&self) -> &'static str {
        match self {
            Self::ReadRepository(_) => "Code (read)",
            Self::ContributeToPullRequests(_) => "Code (status) and Code (write)",
            Self::ViewBuilds => "Build (read)",
            Self::UpdateBuilds => "Build (read and execute)",
            Self::ViewTestRuns => "Test Management (read)",
            Self::ReadEnvironment(_) => "Environment (read and manage)",
            Self::ViewWorkItems => "Work Items (read)",
            Self::EditWorkItems => "Work Items (read and write)",
        }
    }
}
