mod builders;
mod hostile;
mod pages;
mod real;
