//! `dockgate keys init | renew | issue-leaf | next-ca | switch-ca DIR`.
