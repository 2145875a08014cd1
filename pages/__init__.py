"""One file per screen. Pages pick, fetch, show and act; everything else is in `core` and `db`."""
