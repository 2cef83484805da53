mod builders;
mod hostile;
mod pages;
