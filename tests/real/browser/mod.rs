//! People with a browser: a headless Chromium, driven over `WebDriver`, and the providers that they sign in at.

mod accessibility;
mod chromium;
mod chromium_test;
mod leaving;
mod looks;
mod person;
mod pictures;
mod provider;
mod provider_test;
mod several;
mod site;
mod webdriver;
mod whole_way;
mod without_mouse;
mod without_scripts;
