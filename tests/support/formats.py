"""What the exports of other programs look like: which fields each column fills, and the record that a row makes.

The files are invented; their titles are those of the programs.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Format(NamedTuple):
    """A program's export: its kind as recognised, a table of its columns, and what the record says of itself.

    The table has a line a column: title | field, empty where the column is left out | cell of the only row.
    """

    name: str
    kind: str
    table: str
    record: dict[str, Any]
    told: str = ""
    file: str = "export.csv"

    @property
    def columns(self) -> list[tuple[str, str, str]]:
        """(title, field, cell) of each column."""
        rows = [[cell.strip() for cell in line.split("|")] for line in self.table.strip().splitlines()]
        return [(title, field or "(ignored)", cell) for title, field, cell in rows]


FORMATS = (
    Format(
        "Pipedrive deals",
        "deal",
        """
        Deal - Title               | name           | Big
        Deal - Organization        | company        | Acme
        Deal - Contact person      | contact        | Ada Lovelace
        Deal - Value               | value          | 1200
        Deal - Currency of value   | currency       | USD
        Deal - Stage               | stage          | Proposal
        Deal - Status              | status         | Lost
        Deal - Owner               | owner          | Grace
        Deal - Expected close date | close_on       | 2026-01-05
        Deal - Won time            | closed_at      |
        Deal - Lost time           | closed_at      | 2026-01-04 10:00:00
        Deal - Lost reason         | lost_reason    | Price
        Deal - Deal created        | created_at     | 2025-12-01 09:00:00
        Deal - Label               | tags           | hot
        Deal - ID                  | external_id    | 7
        Person - Email - Work      | contact e-mail | ada@engines.example
        """,
        {
            "name": "Big",
            "company": "Acme",
            "contact": "Ada Lovelace",
            "value": 120_000,
            "currency": "USD",
            "status": "lost",
            "stage": "Proposal",
            "owner": "Grace",
            "closed_at": "2026-01-04T10:00:00.000Z",
            "lost_reason": "Price",
            "created_at": "2025-12-01T09:00:00.000Z",
            "tags": ["hot"],
            "external_id": "7",
        },
    ),
    Format(
        "Pipedrive people",
        "contact",
        """
        Person - Name           | name        | Ada Lovelace
        Person - First name     | first name  | Ada
        Person - Last name      | last name   | Lovelace
        Person - Organization   | company     | Engines
        Person - Email - Work   | email       | ada@engines.example
        Person - Email - Home   | more e-mail | ada@home.example
        Person - Phone - Work   | phone       | +1 415 555 0101
        Person - Phone - Mobile | mobile      | +1 415 555 0102
        Person - Owner          | owner       | Grace
        Person - ID             | external_id | 5
        """,
        {
            "name": "Ada Lovelace",
            "company": "Engines",
            "email": "ada@engines.example",
            "phone": "+1 415 555 0101",
            "mobile": "+1 415 555 0102",
            "description": "Person - Email - Home: ada@home.example",
            "external_id": "5",
        },
    ),
    Format(
        "Pipedrive organizations",
        "company",
        """
        Organization - Name*                                 | name        | Acme
        Organization - Address                               | street      | Road 1
        Organization - City/town/village/locality of Address | city        | Berlin
        Organization - ZIP/Postal code of Address            | postal_code | 10115
        Organization - Country of Address                    | country     | Germany
        Organization - Owner                                 | owner       | Grace
        Organization - Labels                                | tags        | key
        Organization - Pipedrive System ID                   | external_id | 3
        """,
        {"name": "Acme", "street": "Road 1", "city": "Berlin", "postal_code": "10115", "country": "Germany"},
    ),
    Format(
        "Pipedrive leads",
        "lead",
        """
        Lead - Title          | name         | Wants five chairs
        Person - Name         | contact_name | Ada
        Organization - Name   | company      | Acme
        Lead - Owner          | owner        | Grace
        Lead - Source channel | source       | Web
        Lead - ID             | external_id  | 55ebb4c0-536e-11ea-87d0-d1171b17f6a0
        """,
        {"name": "Wants five chairs", "contact_name": "Ada", "company": "Acme", "source": "Web"},
    ),
    Format(
        "Pipedrive activities",
        "task",
        """
        Activity - Subject          | name        | Call
        Activity - Type             | type        | Call
        Activity - Due date         | due_on      | 2026-12-01
        Activity - Done             | is done     | To do
        Activity - Assigned to user | owner       | Grace
        Deal - Title                | opportunity |
        Person - Name               | contact     |
        """,
        {"name": "Call", "type": "call", "due_on": "2026-12-01", "owner": "Grace"},
    ),
    Format(
        "HubSpot contacts",
        "contact",
        """
        Record ID - Contact    | external_id | 501
        First Name             | first name  | Jonas
        Last Name              | last name   | Weber
        Email                  | email       | jonas@acme.example
        Phone Number           | phone       | +49 30 1111
        Mobile Phone Number    | mobile      | +49 170 1111
        Contact owner          | owner       | Grace
        Associated Company     | company     | Acme (77123456)
        Associated Company IDs | company id  | 77123456
        Create Date            | created_at  | 2026-01-02 10:00
        """,
        {"name": "Jonas Weber", "company": "Acme", "external_id": "501", "owner": "Grace", "mobile": "+49 170 1111"},
    ),
    Format(
        "HubSpot deals",
        "deal",
        """
        Record ID          | external_id             | 9
        Deal Name          | name                    | Renewal
        Deal Stage         | stage                   | appointmentscheduled
        Pipeline           | pipeline                | Sales
        Amount             | value                   | 100
        Close Date         | close_on                | 2026-03-01
        Deal owner         | owner                   | Grace
        Associated Contact | contact                 | Jonas Weber (jonas@acme.example);Bo Lee (bo@acme.example)
        Associated Company | company                 | Acme
        Deal probability   | probability (1 = 100 %) | 0.2
        Is Closed Won      | is won                  | false
        """,
        {
            "name": "Renewal",
            "stage": "appointmentscheduled",
            "contact": "Jonas Weber",
            "probability": 2000,
            "status": "open",
            "description": "Associated Contact: Bo Lee (bo@acme.example)",
        },
    ),
    Format(
        "Odoo, as it shows its fields",
        "lead",
        """
        Opportunity        | name        | Chair
        Company Name       | company     | Azure
        Contact Name       | contact_name | Ann
        Email              | email       | ann@azure.example
        Stage              | stage       | Qualified
        Salesperson        | owner       | Grace
        Expected Revenue   | value       | 1000
        Recurring Revenues | recurring   | 20
        Probability        | probability | 0
        Active             | is active   | False
        Expected Closing   | close_on    | 2026-01-01
        Lost Reason        | lost_reason | Too expensive
        """,
        {"name": "Chair", "company": "Azure", "contact_name": "Ann", "status": "lost", "lost_reason": "Too expensive"},
    ),
    Format(
        "Odoo, by its technical names",
        "lead",
        """
        name             | name         | Desk
        partner_name     | company      | Azure
        contact_name     | contact_name | Brandon
        email_from       | email        | brandon@azure.example
        stage_id         | stage        | Qualified
        user_id          | owner        | Grace
        team_id          |              | 2
        expected_revenue | value        | 1000
        tag_ids          | tags         | Design
        country_id       | country      | Germany
        source_id        |              | 7
        date_deadline    | close_on     | 2026-01-01
        """,
        {"name": "Desk", "company": "Azure", "contact_name": "Brandon", "email": "brandon@azure.example"},
        file="crm.lead.csv",
    ),
    Format(
        "EspoCRM opportunities",
        "deal",
        """
        Name                        | name       | Big
        Account                     | company    | Acme
        Stage                       | stage      | Proposal
        Opportunity Amount Currency | currency   | USD
        Opportunity Amount          | value      | 500
        Close Date                  | close_on   | 2026-01-01
        Assigned User               | owner      | Grace
        Created At                  | created_at | 2025-01-01 10:00:00
        """,
        {"name": "Big", "value": 50_000, "currency": "USD", "owner": "Grace", "created_at": "2025-01-01T10:00:00.000Z"},
        file="Opportunity.csv",
    ),
    Format(
        "EspoCRM leads",
        "lead",
        """
        First Name         | first name | Ada
        Last Name          | last name  | Lovelace
        Status             | stage      | Dead
        Account Name       | company    | Acme
        Opportunity Amount | value      | 5
        Address Street     | street     | Road 1
        Address City       | city       | Berlin
        Email              | email      | ada@acme.example
        """,
        {"name": "Ada Lovelace", "status": "lost", "street": "Road 1", "city": "Berlin"},
        file="Lead.csv",
    ),
    Format(
        "Zoho deals",
        "deal",
        """
        Record Id       | external_id | zcrm_1
        Deal Owner      | owner       | Grace
        Deal Owner.id   |             | zcrm_7
        Amount          | value       | 500
        Deal Name       | name        | Big
        Closing Date    | close_on    | 2026-01-01
        Account Name    | company     | Acme
        Stage           | stage       | Closed Lost to Competition
        Contact Name    | contact     | Ada
        Created Time    | created_at  | 2025-01-01 10:00:00
        Modified Time   | updated_at  | 2025-02-01 10:00:00
        Reason For Loss | lost_reason | Price
        Tag             | tags        | hot
        """,
        {
            "name": "Big",
            "status": "lost",
            "close_on": "2026-01-01",
            "closed_at": "2026-01-01T00:00:00.000Z",
            "lost_reason": "Price",
            "contact": "Ada",
        },
    ),
    Format(
        "Freshsales deals",
        "deal",
        """
        Deal name           | name        | Big
        Deal value          | value       | 500
        Deal stage          | stage       | Won
        Sales owner         | owner       | grace@acme.example
        Related account     | company     | Acme
        Related contacts    | contact     | ada@engines.example;bo@acme.example
        Expected close date | close_on    | 2026-01-01
        Closed date         | closed_at   | 2026-01-02
        Probability (%)     | probability | 100
        """,
        {
            "name": "Big",
            "status": "won",
            "contact": "ada@engines.example",
            "closed_at": "2026-01-02T00:00:00.000Z",
            "description": "Related contacts: bo@acme.example",
        },
    ),
    Format(
        "Copper opportunities",
        "deal",
        """
        Name            | name        | Big
        Company         | company     | Acme
        Primary Contact | contact     | Ada
        Owned By        | owner       | Grace
        Stage           | stage       | Proposal
        Status          | status      | Abandoned
        Value           | value       | 500
        Close Date      | close_on    | 2026-01-01
        Win Probability | probability | 40
        Loss Reason     | lost_reason | Price
        Copper ID       | external_id | c1
        """,
        {"name": "Big", "status": "lost", "owner": "Grace", "lost_reason": "Price", "external_id": "c1"},
    ),
    Format(
        "Salesforce report",
        "deal",
        """
        Opportunity Owner           | owner    | Grace
        Account Name                | company  | Acme
        Opportunity Name            | name     | Big
        Stage                       | stage    | Prospecting
        Amount Currency             | currency | USD
        Amount                      | value    | 100
        Amount (converted) Currency |          | EUR
        Amount (converted)          |          | 90
        Close Date                  | close_on | 2026-01-31
        """,
        {"name": "Big", "owner": "Grace", "company": "Acme", "value": 10_000, "currency": "USD"},
    ),
    Format(
        "Monday deals",
        "deal",
        """
        Name              | name        | Big
        Stage             | stage       | Negotiation
        Owner             | owner       | Grace
        Deal Value        | value       | 500
        Contacts          | contact     | Ada
        Accounts          | company     | Acme
        Close Probability | probability | 40
        """,
        {"name": "Big", "contact": "Ada", "company": "Acme", "probability": 4000},
    ),
    Format(
        "Streak boxes",
        "deal",
        """
        Name          | name        | Big
        Stage         | stage       | Pitched
        Assigned To   | owner       | Grace
        Deal Size     | value       | 500
        Close Date    | close_on    | 2026-01-01
        Contacts      | contact     | ada@engines.example
        Organizations | company     | Acme
        Notes         | description | hello
        """,
        {"name": "Big", "value": 50_000, "contact": "ada@engines.example", "company": "Acme", "description": "hello"},
    ),
    Format(
        "Close opportunities",
        "deal",
        """
        lead_id        |             | lead_1
        lead_name      | name, company | Acme
        contact_name   | contact     | Ada
        status_label   | stage       | Proposal Sent
        status_type    | status      | active
        value          | value       | 500
        value_currency | currency    | USD
        value_period   | value period | monthly
        confidence     | probability | 40
        user_name      | owner       | Grace
        date_won       | closed_at   |
        date_lost      | closed_at   |
        id             | external_id | oppo_1
        """,
        {
            "name": "Acme",
            "company": "Acme",
            "contact": "Ada",
            "currency": "USD",
            "probability": 4000,
            "status": "open",
            "value": None,
            "recurring": 50_000,
            "plan": "monthly",
        },
        told="deal",
    ),
    Format(
        "Close leads",
        "lead",
        """
        display_name                  | name         | Acme
        url                           | website      | acme.example
        status_label                  | stage        | Potential
        primary_contact_name          | contact_name | Ada
        primary_contact_primary_email | email        | ada@acme.example
        primary_contact_primary_phone | phone        | +1 415 555 0101
        id                            | external_id  | lead_1
        """,
        {"name": "Acme", "contact_name": "Ada", "email": "ada@acme.example", "phone": "+1 415 555 0101"},
        file="leads.csv",
    ),
    Format(
        "Apollo",
        "contact",
        """
        First Name              | first name  | Ann
        Last Name               | last name   | Lee
        Title                   | job_title   | CTO
        Company Name            | company     | Apollo
        Company Name for Emails |             | Apollo
        Email                   | email       | ann@apollo.example
        Corporate Phone         | more phone  | +1 415 555 0199
        Work Direct Phone       | phone       | +1 415 555 0101
        Company Phone           | more phone  | +1 415 555 0199
        Account Owner           |             |
        Contact Owner           | owner       | Grace
        City                    | city        | Paris
        Company City            |             | Lyon
        Apollo Contact Id       | external_id | ap1
        """,
        {"name": "Ann Lee", "phone": "+1 415 555 0101", "city": "Paris", "owner": "Grace", "external_id": "ap1"},
    ),
    Format(
        "Salesloft",
        "contact",
        """
        First Name    | first name  | Ann
        Last Name     | last name   | Lee
        Email Address | email       | ann@acme.example
        Title         | job_title   | CTO
        Phone         | phone       | 1234567
        Mobile Phone  | mobile      | 2345678
        Company       | company     | Acme
        Person Stage  |             | Cold
        Person ID     | external_id | 9
        """,
        {"name": "Ann Lee", "email": "ann@acme.example", "phone": "1234567", "mobile": "2345678", "company": "Acme"},
    ),
    Format(
        "Google contacts",
        "contact",
        """
        First Name              | first name  | Ada
        Middle Name             | middle name |
        Last Name               | last name   | Lovelace
        Organization Name       | company     | Engines
        Organization Title      | job_title   | Countess
        Labels                  | tags        | Friends ::: * myContacts
        E-mail 1 - Label        |             | * Work
        E-mail 1 - Value        | email       | ada@engines.example ::: ada@old.example
        Phone 1 - Value         | phone       | +1 415 555 0101 ::: +1 415 555 0102
        Address 1 - Formatted   |             | Road 1, London
        Address 1 - Street      | street      | Road 1
        Address 1 - City        | city        | London
        Address 1 - Postal Code | postal_code | N1
        Website 1 - Value       | website     | http://engines.example
        """,
        {
            "name": "Ada Lovelace",
            "company": "Engines",
            "job_title": "Countess",
            "tags": ["Friends"],
            "email": "ada@engines.example",
            "phone": "+1 415 555 0101",
            "description": "E-mail 1 - Value: ada@old.example\nPhone 1 - Value: +1 415 555 0102",
            "city": "London",
            "postal_code": "N1",
        },
    ),
    Format(
        "Outlook",
        "contact",
        """
        Title                   |            | Mr
        First Name              | first name | Bo
        Last Name               | last name  | Lee
        Company                 | company    | Acme
        Job Title               | job_title  | CTO
        Home City               |            | Lyon
        Business Street         | street     | Road 1
        Business City           | city       | Paris
        Business Country/Region | country    | France
        Business Phone          | phone      | 1234567
        Home Phone              | more phone | 2345678
        Categories              | tags       | hot
        E-mail Address          | email      | bo@acme.example
        """,
        {"name": "Bo Lee", "street": "Road 1", "city": "Paris", "country": "France", "phone": "1234567"},
    ),
    Format(
        "Didar deals",
        "deal",
        """
        عنوان معامله       | name          | فروش صندلی
        شخص                | contact       | علی کریمی
        شرکت               | company       | آکمه
        مبلغ (تومان)       | value (تومان) | ۱۲۰۰
        کاریز              | pipeline      | Sales
        مرحله کاریز        | stage         | مذاکره
        وضعیت              | status        | ناموفق
        مسئول              | owner         | گریس
        تاریخ ثبت          | created_at    | 1404/01/05
        دلیل شکست          | lost_reason   | قیمت
        شیوه آشنایی معامله | source        | وب
        کد معامله          | external_id   | 11
        """,
        {
            "name": "فروش صندلی",
            "contact": "علی کریمی",
            "value": 12_000,
            "currency": "IRR",
            "status": "lost",
            "lost_reason": "قیمت",
            "created_at": "2025-03-25T00:00:00.000Z",
            "external_id": "11",
        },
    ),
    Format(
        "Persian people",
        "contact",
        """
        کد مشتری     | external_id | 77
        نام          | first name  | علی
        نام خانوادگی | last name   | کریمی
        شماره همراه  | mobile      | 09121234567
        تلفن ثابت    | phone       | 02112345678
        نام شرکت     | company     | آکمه
        نحوه آشنایی  | source      | معرفی
        """,
        {"name": "علی کریمی", "mobile": "09121234567", "phone": "02112345678", "company": "آکمه", "source": "معرفی"},
    ),
    Format(
        "Zoho leads",
        "lead",
        """
        Record Id     | external_id | zcrm_5
        Lead Owner.id |             | zcrm_4
        Lead Owner    | owner       | Unassigned
        Lead Name     | name        | Ava Smith
        Company       | company     | Acme
        Designation   | job_title   | CTO
        Lead Status   | stage       | -None-
        Lead Source   | source      | -None-
        Email         | email       | ava@acme.example
        Modified Time | updated_at  | 2025-02-01 10:00:00
        """,
        {"name": "Ava Smith", "job_title": "CTO", "stage": "New", "source": None, "owner": None, "probability": 1000},
    ),
    Format(
        "Zoho accounts",
        "company",
        """
        Record Id       | external_id | zcrm_6
        Account Owner   | owner       | Grace
        Account Name    | name        | Acme
        Website         | website     | www.acme.example
        Employees       | employees   | 5
        Billing Street  | street      | 5 Bill St
        Shipping Street |             | 7 Ship St
        Billing City    | city        | Denver
        Billing Code    | postal_code | 08001
        Shipping Code   |             | 80301
        """,
        {"name": "Acme", "street": "5 Bill St", "city": "Denver", "postal_code": "08001"},
    ),
    Format(
        "Zoho tasks",
        "task",
        """
        Record Id   | external_id | zcrm_8
        Task Owner  | owner       | Grace
        Subject     | name        | Call
        Due Date    | due_on      | 2026-12-01
        Status      | is done     | Not Started
        Priority    | priority    | Highest
        Closed Time | done_at     |
        """,
        {"name": "Call", "priority": 3, "done_at": None, "due_on": "2026-12-01"},
    ),
    Format(
        "Bigin pipelines",
        "deal",
        """
        Record Id             | external_id | zb_0
        Pipeline Record Owner | owner       | Grace
        Amount                | value       | 100
        Pipeline Record Name  | name        | Big order
        Closing Date          | close_on    | 2026-12-01
        Company Name          | company     | Acme
        Stage                 | stage       | Qualified
        Contact Name          | contact     | Ada
        """,
        {"name": "Big order", "owner": "Grace", "company": "Acme", "contact": "Ada", "stage": "Qualified"},
    ),
    Format(
        "Freshsales contacts",
        "contact",
        """
        Id              | external_id | 7000
        First name      | first name  | Ava
        Last name       | last name   | Smith
        Full name       | name        | Ava Smith
        Emails          | email       | ava@acme.example;ava@home.example
        Job title       | job_title   | CEO
        Work            | phone       | +1 415 555 1000
        Mobile          | mobile      | +1 628 555 2000
        Accounts        | company     | Acme
        Sales owner     | owner       | Grace
        Lifecycle stage |             | Lead
        Status          |             | New
        Source          | source      | Web
        """,
        {"name": "Ava Smith", "email": "ava@acme.example", "phone": "+1 415 555 1000", "company": "Acme"},
    ),
    Format(
        "Copper opportunities with a unit",
        "deal",
        """
        Copper ID       | external_id | 1
        Name            | name        | Big
        Company         | company     | Acme
        Stage           | stage       | Qualified
        Monetary Value  | value       | 500
        Monetary Unit   | currency    | USD
        Customer Source | source      | Referral
        Details         | description | long
        """,
        {"name": "Big", "value": 50_000, "currency": "USD", "source": "Referral", "description": "long"},
    ),
    Format(
        "Capsule opportunities",
        "deal",
        """
        Id              | external_id | 1
        Name            | name        | Big
        Party           | company     | Acme
        Milestone       | stage       | Lost
        Value           | value       | 200
        Currency        | currency    | GBP
        Expected Close  | close_on    | 2026-12-20
        Actual Close    | closed_at   | 2026-10-02
        Lost Reason     | lost_reason | Price
        """,
        {"company": "Acme", "status": "lost", "closed_at": "2026-10-02T00:00:00.000Z", "lost_reason": "Price"},
    ),
    Format(
        "Dynamics opportunities",
        "deal",
        """
        (Do Not Modify) Opportunity  | external_id | b1b2c3d4-0000-0000-0000-000000000000
        (Do Not Modify) Row Checksum |             | chk
        (Do Not Modify) Modified On  | updated_at  | 2025-03-25 10:05
        Topic                        | name        | Wants chairs
        Potential Customer           | company     | Acme
        Est. Close Date              | close_on    | 2026-12-25
        Est. Revenue                 | value       | €100.00
        Actual Close Date            | closed_at   |
        Sales Stage                  | stage       | Qualified
        Status                       | status      | Open
        Status Reason                |             | In Progress
        Owner                        | owner       | Grace
        """,
        {"name": "Wants chairs", "company": "Acme", "value": 10_000, "close_on": "2026-12-25", "status": "open"},
    ),
    Format(
        "Dynamics leads",
        "lead",
        """
        (Do Not Modify) Lead | external_id  | a1b2c3d4-0000-0000-0000-000000000000
        Name                 | contact_name | Ava Smith
        Topic                | name         | Wants chairs
        First Name           | first name   | Ava
        Last Name            | last name    | Smith
        Company Name         | company      | Acme
        Job Title            | job_title    | Head
        Email                | email        | ava@acme.example
        Annual Revenue       |              | 100
        No. of Employees     |              | 5
        """,
        {"name": "Wants chairs", "contact_name": "Ava Smith", "company": "Acme", "email": "ava@acme.example"},
    ),
    Format(
        "SuiteCRM opportunities",
        "deal",
        """
        id            | external_id         | s1
        name          | name                | Big
        account_name  | company             | Acme
        amount        | value               | 100
        date_entered  | created_at          | 2025-03-01 10:00:00
        date_modified | updated_at          | 2025-03-02 10:00:00
        date_closed   | closed_at, close_on | 2026-12-20
        sales_stage   | stage               | Qualified
        """,
        {"status": "open", "close_on": "2026-12-20", "closed_at": None, "created_at": "2025-03-01T10:00:00.000Z"},
    ),
    Format(
        "SuiteCRM contacts",
        "contact",
        """
        First Name                  | first name  | Ava
        Last Name                   | last name   | Smith
        Email Address               | email       | ava@acme.example
        Office Phone                | phone       | +1 415 555 0101
        Primary Address Street      | street      | Main 1
        Primary Address City        | city        | Bonn
        Primary Address State       | region      | NRW
        Primary Address Postal Code | postal_code | 53111
        Primary Address Country     | country     | Germany
        Alternate Address Street    |             | Alt 2
        Date Modified               | updated_at  | 2025-03-02 10:00:00
        """,
        {"name": "Ava Smith", "street": "Main 1", "city": "Bonn", "region": "NRW", "postal_code": "53111"},
    ),
    Format(
        "Yahoo",
        "contact",
        """
        First             | first name  | Ava
        Middle            | middle name |
        Last              | last name   | Smith
        Email             | email       | ava@acme.example
        Home              | more phone  | +1 212 555 4000
        Work              | phone       | +1 415 555 1000
        Title             | job_title   | Boss
        Company           | company     | Acme
        Work Address      | street      | 1 W
        Work City         | city        | NYC
        Home Address      |             | 2 H
        Home City         |             | Boston
        """,
        {"name": "Ava Smith", "phone": "+1 415 555 1000", "company": "Acme", "street": "1 W", "city": "NYC"},
    ),
    Format(
        "Apollo, without ids",
        "contact",
        """
        First Name     | first name | Ada
        Last Name      | last name  | Byron
        Title          | job_title  | CTO
        Company        | company    | Acme
        Email          | email      | ada@acme.example
        Company Phone  | phone      | +18005550101
        # Employees    |            | 50
        Industry       |            | software
        Annual Revenue |            | 1000
        """,
        {"name": "Ada Byron", "company": "Acme", "job_title": "CTO"},
    ),
)
