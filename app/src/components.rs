//! What the pages are made of, one component a file.

mod answer;
mod approval;
mod badge;
mod body;
pub(crate) mod composer;
mod confirm;
pub(crate) mod gauge;
pub(crate) mod hero;
mod html;
pub(crate) mod icon;
mod key_list;
mod message;
pub(crate) mod notice;
pub(crate) mod offline;
pub(crate) mod overlays;
mod palette;
pub(crate) mod picker;
mod session_row;
pub(crate) mod sidebar;
pub(crate) mod skeleton;
mod tasks;
mod theme;
mod tier;
pub(crate) mod toast;
pub(crate) mod toolbar;
pub(crate) mod transcript;
mod versions;
