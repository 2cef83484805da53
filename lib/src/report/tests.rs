mod builders;
mod everywhere;
mod hostile;
mod pages;
mod real;
