//! Behaviour tests: everything that a user of the binary or the library can see. One binary, a module a subject.

mod documentation;
