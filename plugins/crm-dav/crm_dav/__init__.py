"""CalDAV and CardDAV for crm. Nothing of the network is loaded until a command needs it: `crm_dav.client`."""
