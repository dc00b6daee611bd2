"""The tests of crm; they mirror the package."""
