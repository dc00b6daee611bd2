"""The words of the generated book: invented companies, everyday given names and surnames, no real person."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """A town, its money, and the telephone numbers that are kept free for examples there: `lines` of them, from
    `phone` with {0} filled in."""

    city: str
    country: str
    currency: str
    phone: str
    lines: int


GIVEN = (
    "Nora", "Felix", "Ines", "Tomas", "Greta", "Oscar", "Lena", "Hugo", "Maja", "Ruben", "Elsa", "Jonas", "Clara",
    "Pavel", "Alma", "Victor", "Rosa", "Anton", "Judith", "Samuel", "Helen", "Marco", "Freya", "Owen", "Priya",
    "Daniel",
    "Yara", "Simon", "Carmen", "Leo",
)  # fmt: skip
FAMILY = (
    "Albrecht", "Barros", "Castell", "Dorn", "Ekström", "Fontaine", "Gruber", "Hale", "Ivanova", "Jansen", "Keller",
    "Lindqvist", "Moreau", "Novak", "Okafor", "Petit", "Quist", "Rahimi", "Sorensen", "Thorne", "Urban", "Vidal",
    "Weber",
    "Yilmaz", "Zeller", "Marsh", "Baptiste", "Corelli", "Duarte", "Engel",
)  # fmt: skip
#: Persian names as written, and as they stand in an e-mail address.
GIVEN_FA = (
    ("سارا", "sara"), ("علی", "ali"), ("مریم", "maryam"), ("رضا", "reza"), ("نگار", "negar"), ("کاوه", "kaveh"),
    ("لیلا", "leila"), ("آرش", "arash"), ("پریسا", "parisa"), ("کیان", "kian"), ("یاسمن", "yasaman"), ("بهرام",
    "bahram"),
)  # fmt: skip
FAMILY_FA = (
    ("کریمی", "karimi"), ("رضایی", "rezaei"), ("شریفی", "sharifi"), ("یزدانی", "yazdani"), ("کاظمی", "kazemi"),
    ("نیکنام", "niknam"), ("اکبری", "akbari"), ("صالحی", "salehi"), ("میرزایی", "mirzaei"), ("پاکزاد", "pakzad"),
)  # fmt: skip
FIRM = (
    "Amberline", "Brightwell", "Cedarholm", "Drumlin", "Eastmoor", "Fernhollow", "Glasswater", "Hartvale", "Ironquay",
    "Juniper Row", "Kestrelby", "Lanternfield", "Millrace", "Northfold", "Oakmantle", "Pinewright", "Quillstone",
    "Rookery",
    "Silverfen", "Tallowgate", "Underhill", "Verdantis", "Willowmark", "Yarrowby", "Zephyrine", "Copperlea",
    "Stonebeck",
    "Marrowfield", "Thistledown", "Larkspire",
)  # fmt: skip
TRADE = (
    ("Logistics", "Logistics"), ("Robotics", "Manufacturing"), ("Foods", "Food"), ("Clinics", "Health"),
    ("Software", "Software"), ("Textiles", "Manufacturing"), ("Energy", "Energy"), ("Hotels", "Hospitality"),
    ("Books", "Retail"), ("Optics", "Health"),
)  # fmt: skip
#: Persian companies: the name, its domain's word, its trade.
FIRM_FA = (
    ("نگین داده", "neginnegar", "فناوری"), ("پارس‌آوا نمونه", "parsavanemoone", "مخابرات"), ("کیمیا گستر",
    "kimiagostar", "دارو"),
    ("یاقوت صنعت", "yaghootsanat", "صنعت"), ("سپیده کویر", "sepidekavir", "غذا"), ("آبی‌رنگ", "abirang", "چاپ"),
    ("کاروان سبز", "karvansabz", "حمل و نقل"), ("مهرگان پویا", "mehreganpooya", "آموزش"), ("تک‌نگار البرز",
    "taknegar", "فناوری"),
    ("بافت کاشان نمونه", "baftkashan", "نساجی"), ("دریا کشت", "daryakesht", "کشاورزی"), ("گلبرگ شرق", "golbargshargh",
    "غذا"),
    ("ایده‌پرداز کیان", "idekian", "فناوری"), ("سنگ‌چین", "sangchin", "ساختمان"), ("راه ابریشم نو", "rahabrisham",
    "بازرگانی"),
    ("پیک یاس", "peykyas", "حمل و نقل"), ("روشنا انرژی", "roshana", "انرژی"), ("آوای کتاب", "avayeketab", "نشر"),
)  # fmt: skip
#: city, country, currency, and the telephone numbers that are kept free for examples there ("####": four digits).
PLACES = (
    Place("Berlin", "Germany", "EUR", "+49 30 23125 {0:03d}", 1000),
    Place("Lyon", "France", "EUR", "+33 1 99 00 {0:04d}", 10_000),
    Place("London", "United Kingdom", "EUR", "+44 20 7946 0{0:03d}", 1000),
    Place("Boston", "United States", "USD", "+1 617 555 01{0:02d}", 100),
    Place("Washington", "United States", "USD", "+1 202 555 01{0:02d}", 100),
    Place("Chicago", "United States", "USD", "+1 312 555 01{0:02d}", 100),
    Place("Seattle", "United States", "USD", "+1 206 555 01{0:02d}", 100),
    Place("Vienna", "Austria", "EUR", "+43 1 5550 {0:04d}", 10_000),
)
PLACES_FA = (
    Place("تهران", "ایران", "IRR", "+98 21 5555 {0:04d}", 10_000),
    Place("اصفهان", "ایران", "IRR", "+98 31 5555 {0:04d}", 10_000),
    Place("شیراز", "ایران", "IRR", "+98 71 5555 {0:04d}", 10_000),
)
TITLES = (
    "CEO",
    "CTO",
    "Head of Operations",
    "Head of Sales",
    "Purchasing Manager",
    "Office Manager",
    "IT Lead",
    "Founder",
)  # fmt: skip
TITLES_FA = ("مدیر عامل", "مدیر فروش", "مدیر فنی", "کارشناس خرید", "مدیر مالی")
SUBJECTS = (
    "Warehouse rollout", "Team licences", "Support contract", "Pilot project", "Data migration", "Training week",
    "Reporting module", "Second site", "Onboarding package", "Integration with the till", "Field service app",
    "Annual plan",
)  # fmt: skip
SUBJECTS_FA = (
    "راه‌اندازی انبار",
    "اشتراک سالانه",
    "قرارداد پشتیبانی",
    "پروژه آزمایشی",
    "آموزش کارکنان",
    "یکپارچه‌سازی با حسابداری",
)  # fmt: skip
NOTES = {
    "note": (
        "Budget is decided in spring; wants figures for the board before that.",
        "Works with spreadsheets today, loses track of follow-ups.",
        "Asked who else in the trade uses it. Promised two references.",
        "The technical lead has the last word.",
        "Prefers e-mail in the morning, never calls on Mondays.",
    ),
    "call": (
        "No answer, left a message.", "Short call: interested, wants an offer for 12 people.",
        "Went through the open points; only the price is left.", "Asked to be called back after the holidays.",
        "Happy with the pilot. Procurement joins the next call.",
    ),
    "email": (
        "Sent the offer with the two options we talked about.", "Asked for the security questionnaire.",
        "Thanked for the demo and sent three questions about imports.", "Sent references and the price list.",
    ),
    "meeting": (
        "Demo for five people; the board and the filters went down well.",
        "Visit on site, saw the warehouse and the old system.",
        "Walked through the contract. Legal needs two weeks.",
    ),
}  # fmt: skip
NOTES_FA = {
    "note": (
        "بودجه تا پایان فصل مشخص می‌شود؛ پیش از آن ۲ پیشنهاد می‌خواهد.", "تصمیم نهایی با مدیر فنی است.",
        "فعلاً با اکسل کار می‌کنند و پیگیری‌ها گم می‌شود.",
    ),
    "call": (
        "پاسخ نداد؛ پیام گذاشتم.", "علاقه‌مند است؛ برای ۱۲ کاربر پیش‌فاکتور خواست.",
        "قرار شد شنبه ساعت ۱۰:۳۰ دوباره تماس بگیرم.",
    ),
    "email": ("پیش‌فاکتور با ۵٪ تخفیف فرستاده شد.", "فهرست قیمت و معرفی‌نامه را فرستادم."),
    "meeting": ("جلسه در دفتر مشتری؛ ۳ نفر حاضر بودند و نمایش خوب پیش رفت.",),
}  # fmt: skip
#: task type -> what it is called; {} is the person or subject.
TASKS = {
    "call": ("Call {}", "Ask {} about the offer", "Call {} back"),
    "email": ("Send {} the offer", "Send {} the references", "Answer {}'s questions"),
    "meeting": ("Demo for {}", "Visit {}"),
    "to-do": ("Prepare the figures for {}", "Check the contract of {}"),
    "document": ("Sign the contract with {}",),
}  # fmt: skip
TASKS_FA = {
    "call": ("تماس با {}", "پیگیری پیش‌فاکتور {}"), "email": ("ارسال پیش‌فاکتور برای {}",), "meeting": ("جلسه با {}",),
    "to-do": ("آماده کردن قرارداد {}",), "document": ("امضای قرارداد {}",),
}  # fmt: skip
#: The plan of a book: its steps as (name, type, days from its day, whose).
PLAN = "onboarding"
STEPS = (
    ("Set up their accounts", "to-do", "-3d", "ask"),
    ("Kick-off call", "call", "0d", "owner"),
    ("Send the welcome pack", "email", "1wd", "owner"),
    ("First review", "meeting", "2w", "owner"),
    ("Ask for a reference", "email", "3m", "owner"),
)
FEEDBACK = ("Done, they will answer this week.", "Reached, next step agreed.", "Left a message.", "Sent.", "")
USERS = (("grace", "Grace"), ("ada", "Ada"), ("linus", "Linus"), ("shirin", "شیرین"))
SOURCES = ("web", "referral", "trade fair", "newsletter", "partner", "cold call")
MEDIUMS = ("search", "email", "social", "phone", "in person")
CAMPAIGNS = ("Spring fair", "Autumn webinar", "نمایشگاه پاییز", "Switch from spreadsheets")
LEAD_TAGS = ("hot", "warm", "vip", "newsletter", "competitor", "پیگیری")
COMPANY_TAGS = ("customer", "prospect", "partner", "key account")
#: Kind of record, filter, after how many days without a touch one is due.
RHYTHMS = (("company", 'tag:"key account"', 60), ("company", "tag:partner", 90), ("contact", "tag:newsletter", 180))
#: The day of the year that key accounts have: that of their first entry.
OCCASION = "Customer since"
REASONS = (
    "Too expensive",
    "No answer any more",
    "Chose a competitor",
    "Project stopped",
    "We don't have people/skills",
)  # fmt: skip
RENEWALS = (
    {"name": "Due", "position": 1, "probability_bp": 5000}, {"name": "Contacted", "position": 2,
    "probability_bp": 7000},
    {"name": "Offer sent", "position": 3, "probability_bp": 8500},
    {"name": "Renewed", "position": 70, "probability_bp": 10_000, "is_won": True},
)  # fmt: skip
