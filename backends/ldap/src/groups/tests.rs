mod fixture;
mod parts;
mod remembered;
mod required;
mod walked;
