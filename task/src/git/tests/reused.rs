//! Of a checkout that an earlier build could write to: nothing of it runs, and nothing of it hides a commit.

use std::path::Path;

use super::*;

/// Three commits, of which one is to be hidden: the base, the hidden one, the head.
fn hidden(repository: &Repository) -> [String; 3] {
    let base = repository.commit("a.txt", "1", "First");
    let hidden = repository.commit("drop.sql", "DROP TABLE orders;", "Hidden");
    let head = repository.commit("a.txt", "2", "Last");
    [base, hidden, head]
}

fn titles(checkout: &GitCheckout, base: &str, head: &str) -> Vec<String> {
    let steps = checkout.history(Some(base), head).unwrap().steps;
    steps.into_iter().map(|step| step.commit.title).collect()
}

fn write(repository: &Repository, path: &str, text: impl AsRef<[u8]>) {
    let file = repository.0.path().join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// A command that leaves a mark, in the words of the shell that git runs.
fn leaving(mark: &Path) -> String {
    format!("touch '{}'; cat", mark.display())
}

#[test]
fn a_repository_cannot_make_git_run_something() {
    let repository = Repository::new();
    let base = repository.commit("a.txt", "1", "First");
    let head = repository.commit("a.txt", "2", "Second");
    let mark = repository.0.path().join("mark");
    let touch = leaving(&mark);
    for key in ["core.fsmonitor", "diff.external", "core.pager", "diff.x.textconv", "diff.x.command"] {
        repository.git(&["config", key, &touch]);
    }
    fs::write(repository.0.path().join(".gitattributes"), "* diff=x\n").unwrap();
    let checkout = repository.open();
    let _ = checkout.history(Some(&base), &head).unwrap();
    let _ = checkout.uncommitted().unwrap();
    let _ = checkout.files(&head).unwrap();
    assert!(!mark.exists());
}

#[test]
fn no_filter_runs_and_a_filtered_file_is_not_said_to_differ() {
    for (key, name) in [("clean", "evil"), ("process", "evil"), ("clean", "Evil.x"), ("process", "lfs")] {
        for place in [".gitattributes", ".git/info/attributes"] {
            let repository = Repository::new();
            let head = repository.commit("a.dat", "1", "First");
            repository.commit("a.txt", "1", "Second");
            let mark = repository.0.path().join("mark");
            repository.git(&["config", &format!("filter.{name}.{key}"), &leaving(&mark)]);
            repository.git(&["config", &format!("filter.{name}.required"), "true"]);
            write(&repository, place, format!("*.dat filter={name}\n"));
            write(&repository, "a.dat", "2");
            write(&repository, "a.txt", "2");
            let checkout = repository.open();
            assert_eq!(checkout.uncommitted().unwrap(), ["a.txt"], "{key} {name} {place}");
            let _ = checkout.files(&head).unwrap();
            assert!(!mark.exists(), "{key} {name} {place}");
            // The filter is one that git would run.
            let _ = Command::new("git")
                .args(["diff", "--name-only", "HEAD"])
                .current_dir(repository.0.path())
                .output()
                .unwrap();
            assert!(mark.exists(), "{key} {name} {place}");
        }
    }
}

#[test]
fn a_filter_that_cannot_be_switched_off_leaves_it_unknown() {
    let repository = Repository::new();
    repository.commit("a.txt", "1", "First");
    let mark = repository.0.path().join("mark");
    repository.git(&["config", "filter.a=b.clean", &leaving(&mark)]);
    write(&repository, ".gitattributes", "* filter=a=b\n");
    write(&repository, "a.txt", "2");
    assert!(matches!(repository.open().uncommitted(), Err(CheckoutError::Git(_))));
    assert!(!mark.exists());
}

#[test]
fn nothing_runs_in_a_submodule() {
    let repository = Repository::new();
    let inner = repository.0.path().join("inner");
    repository.git(&["init", "-q", "inner"]);
    let within = |arguments: &[&str]| {
        repository.git(&[&["-C", inner.to_str().unwrap()], arguments].concat());
    };
    fs::write(inner.join("a.txt"), "1").unwrap();
    within(&["add", "-A"]);
    within(&["commit", "-q", "-m", "Inner"]);
    repository.commit("b.txt", "1", "First");
    let mark = repository.0.path().join(".git/mark");
    within(&["config", "core.fsmonitor", &leaving(&mark)]);
    within(&["config", "filter.evil.clean", &leaving(&mark)]);
    fs::write(inner.join(".gitattributes"), "* filter=evil\n").unwrap();
    fs::write(inner.join("a.txt"), "2").unwrap();
    assert_eq!(repository.open().uncommitted().unwrap(), [""; 0]);
    assert!(!mark.exists());
}

#[test]
fn grafts_hide_no_commit() {
    let repository = Repository::new();
    let [base, hidden, head] = hidden(&repository);
    for graft in [format!("{base} {hidden}\n"), format!("{head} {base}\n"), format!("{head}\n")] {
        write(&repository, ".git/info/grafts", &graft);
        assert_eq!(titles(&repository.open(), &base, &head), ["Last", "Hidden"], "{graft}");
    }
}

#[test]
fn a_commit_graph_hides_no_commit() {
    let repository = Repository::new();
    let [base, _, after] = hidden(&repository);
    // Git reads the ends of a range themselves.
    let head = repository.commit("a.txt", "3", "End");
    repository.git(&["commit-graph", "write", "--reachable"]);
    let path = repository.0.path().join(".git/objects/info/commit-graph");
    let mut graph = fs::read(&path).unwrap();
    let mut ids = repository.git(&["rev-list", "--all"]).lines().map(str::to_owned).collect::<Vec<_>>();
    ids.sort();
    let place = |id: &String| ids.iter().position(|each| each == id).unwrap();
    // Each entry: the tree's id (20 bytes), then the first parent by its place.
    let table = graph.windows(4).position(|name| name == b"CDAT").unwrap();
    let start = u64::from_be_bytes(graph[table + 4..table + 12].try_into().unwrap());
    let parent = usize::try_from(start).unwrap() + place(&after) * 36 + 20;
    let _ = fs::remove_file(&path);
    graph[parent..parent + 4].copy_from_slice(&u32::try_from(place(&base)).unwrap().to_be_bytes());
    fs::write(&path, graph).unwrap();
    assert_eq!(repository.git(&["log", "--format=%s", &format!("{base}..{head}")]), "End\nLast", "it hides");
    assert_eq!(titles(&repository.open(), &base, &head), ["End", "Last", "Hidden"]);
}

#[test]
fn a_checkout_that_was_made_shallow_by_hand_says_so() {
    let repository = Repository::new();
    let [base, hidden, head] = hidden(&repository);
    for cut in [&hidden, &head] {
        write(&repository, ".git/shallow", format!("{cut}\n"));
        let history = repository.open().history(Some(&base), &head);
        assert!(matches!(history, Err(CheckoutError::Shallow(_))), "{history:?}");
    }
    write(&repository, ".git/shallow", format!("{base}\n"));
    let history = repository.open().history(Some(&base), &head).unwrap();
    assert_eq!(history.steps.len(), 2);
    assert!(history.notes[0].contains("shallow"), "{:?}", history.notes);
}

#[test]
fn settings_hide_no_submodule_that_moved() {
    let repository = Repository::new();
    let base = repository.commit("a.txt", "1", "First");
    repository.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{base},inner")]);
    repository.git(&["commit", "-q", "-m", "Second"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["config", "diff.ignoreSubmodules", "all"]);
    let steps = repository.open().history(Some(&base), &head).unwrap().steps;
    assert_eq!(steps[0].paths, [ChangedPath { path: "inner".into(), how: PathChange::Added }]);
}

#[test]
fn settings_change_no_message() {
    let repository = Repository::new();
    let [base, _, head] = hidden(&repository);
    for (key, value) in [
        ("i18n.logOutputEncoding", "UTF-16"),
        ("color.ui", "always"),
        ("format.pretty", "oneline"),
        ("log.diffMerges", "off"),
    ] {
        repository.git(&["config", key, value]);
        assert_eq!(titles(&repository.open(), &base, &head), ["Last", "Hidden"], "{key}");
    }
}
