"""What currencies are called: codes, signs, abbreviations, English names as CRMs and accounting programs write them and
Persian ones as people do; and the words that scale amounts."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from crmcli.domain.text import fold

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BYR BZD CAD CDF "
    "CHF CLF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
    "GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD "
    "LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN "
    "PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STD STN SVC SYP SZL THB "
    "TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UYW UZS VEF VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG "
    "ZWL"
)
#: Codes of ISO 4217: legal tender, and what old books may hold (ANG BGN CUC HRK LTL LVL EEK SLL STD VEF ZWL BYR MRO).
KNOWN = frozenset(_CODES.split())
#: Code -> its names, without the s of their plurals.
NAMES = {
    "AED": "UAE dirham, United Arab Emirates dirham, Emirati dirham, درهم, درهم امارات",
    "AFN": "afghani, Afghan afghani, افغانی",
    "AMD": "Armenian dram, dram, درام",
    "ARS": "Argentine peso, Argentinian peso",
    "AUD": "Australian dollar, دلار استرالیا",
    "AZN": "Azerbaijani manat, Azerbaijan manat, منات, منات آذربایجان",
    "BDT": "Bangladeshi taka, taka",
    "BGN": "Bulgarian lev, lev",
    "BHD": "Bahraini dinar, Bahrain dinar, دینار بحرین",
    "BRL": "Brazilian real, reais",
    "CAD": "Canadian dollar, Canada dollar, دلار کانادا",
    "CHF": "Swiss franc, فرانک سوئیس, فرانک",
    "CLP": "Chilean peso",
    "CNY": "yuan, Chinese yuan, renminbi, yuan renminbi, Chinese yuan renminbi, rmb, یوان, یوان چین",
    "COP": "Colombian peso",
    "CZK": "Czech koruna, koruna, Czech Republic koruna",
    "DKK": "Danish krone, Danish kroner",
    "DZD": "Algerian dinar",
    "EGP": "Egyptian pound",
    "EUR": "European euro, یورو اروپا",
    "GBP": "pound, British pound, pound sterling, British pound sterling, UK pound, sterling, پوند, پوند انگلیس",
    "GEL": "Georgian lari, lari, لاری",
    "GHS": "Ghanaian cedi, Ghana cedi, cedi",
    "HKD": "Hong Kong dollar",
    "HUF": "Hungarian forint, forint, Ft",
    "IDR": "Indonesian rupiah, rupiah",
    "ILS": "Israeli shekel, Israeli new shekel, new Israeli sheqel, shekel",
    "INR": "Indian rupee, روپیه هند",
    "IQD": "Iraqi dinar, دینار عراق",
    "IRR": "Iranian rial, Iran rial, ریال ایران",
    "ISK": "Icelandic krona, Iceland krona",
    "JOD": "Jordanian dinar",
    "JPY": "yen, Japanese yen, ین, ین ژاپن",
    "KES": "Kenyan shilling",
    "KRW": "South Korean won, Korean won, وون",
    "KWD": "Kuwaiti dinar, دینار کویت",
    "KZT": "Kazakhstani tenge, tenge, تنگه",
    "LKR": "Sri Lankan rupee, Sri Lanka rupee",
    "MAD": "Moroccan dirham",
    "MXN": "Mexican peso",
    "MYR": "Malaysian ringgit, ringgit, رینگیت",
    "NGN": "Nigerian naira, naira",
    "NOK": "Norwegian krone, Norwegian kroner",
    "NZD": "New Zealand dollar",
    "OMR": "Omani rial, rial Omani, ریال عمان",
    "PEN": "Peruvian sol, Peruvian nuevo sol",
    "PHP": "Philippine peso",
    "PKR": "Pakistani rupee, Pakistan rupee",
    "PLN": "Polish zloty, zloty, złoty",
    "QAR": "Qatari riyal, Qatari rial, ریال قطر",
    "RON": "Romanian leu, new Romanian leu, leu",
    "RSD": "Serbian dinar",
    "RUB": "ruble, Russian ruble, Russian rouble, rouble, روبل, روبل روسیه, рубль, рубля, рублей",
    "SAR": "Saudi riyal, Saudi Arabian riyal, ریال عربستان, ریال سعودی",
    "SEK": "Swedish krona, Swedish kronor",
    "SGD": "Singapore dollar",
    "THB": "Thai baht, baht, بات",
    "TND": "Tunisian dinar",
    "TRY": "Turkish lira, lira, new Turkish lira, لیر, لیر ترکیه",
    "TWD": "Taiwan dollar, new Taiwan dollar",
    "UAH": "Ukrainian hryvnia, hryvnia",
    "USD": "US dollar, U.S. dollar, United States dollar, American dollar, دلار آمریکا, دلار امریکا",
    "VND": "Vietnamese dong, dong",
    "ZAR": "South African rand, rand",
}

#: Signs and words -> code: folded, without the full stop at their end.
SIGNS = {
    "€": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "us$": "USD", "ca$": "CAD", "c$": "CAD", "a$": "AUD",
    "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "nt$": "TWD", "s$": "SGD", "mx$": "MXN", "r$": "BRL", "₹": "INR",
    "₺": "TRY", "₽": "RUB", "₩": "KRW", "₪": "ILS", "₫": "VND", "₴": "UAH", "₦": "NGN", "₱": "PHP", "฿": "THB",
    "₸": "KZT", "₾": "GEL", "₼": "AZN", "֏": "AMD", "৳": "BDT", "₡": "CRC", "₲": "PYG", "₮": "MNT", "₭": "LAK",
    "៛": "KHR", "₵": "GHS", "؋": "AFN", "tl": "TRY", "元": "CNY", "cn¥": "CNY", "rmb": "CNY", "円": "JPY",
    "jp¥": "JPY", "원": "KRW", "fr": "CHF", "sfr": "CHF", "zl": "PLN", "kc": "CZK", "lei": "RON",
    "rm": "MYR", "rp": "IDR", "kd": "KWD", "jd": "JOD", "qr": "QAR", "rial": "IRR", "rials": "IRR",
    "ریال": "IRR", "یورو": "EUR", "دلار": "USD", "руб": "RUB", "р": "RUB", "евро": "EUR",
    "грн": "UAH", "тг": "KZT", "лв": "BGN",
    # the abbreviations of Arabic, as CLDR has them
    "د.ب": "BHD", "د.ج": "DZD", "ج.م": "EGP", "د.ع": "IQD", "د.ک": "KWD", "ل.ل": "LBP", "د.ل": "LYD", "د.م": "MAD",
    "ا.م": "MRU", "ر.ع": "OMR", "ر.ق": "QAR", "ر.س": "SAR", "ج.س": "SDG", "ل.س": "SYP", "د.ت": "TND", "ر.ی": "YER",
}  # fmt: skip
#: Those of which folding would make others, as they are written: د.ا may be dirhams or dinars.
UNFOLDED = {"د.إ": "AED", "د.أ": "JOD", "ر.إ": "IRR", "đ": "VND", "Đ": "VND"}
# Signs and words shared by several currencies: the user's own one of them, else the first.
_DOLLARS = (
    "USD", "AUD", "CAD", "NZD", "HKD", "SGD", "TWD", "MXN", "ARS", "CLP", "COP", "JMD", "FJD", "BBD", "TTD",
)  # fmt: skip
RUPEES = ("INR", "PKR", "LKR", "NPR", "MUR", "SCR")
#: Sign or word -> the codes that it may mean.
SHARED = {
    "$": _DOLLARS, "dollar": _DOLLARS, "dollars": _DOLLARS, "¥": ("JPY", "CNY"), "rupee": RUPEES, "rupees": RUPEES,
    "rs": RUPEES,
}  # fmt: skip
#: Ten rials, without a code of their own in ISO 4217.
TOMAN = frozenset(("toman", "tomans", "irt", "تومان", "تومن", "ت"))
#: Words of scale, written as SIGNS are -> the power of ten.
SCALES = {
    key: power
    for power, keys in (
        (3, "k thousand thousands tsd tausend mille tys тыс тысяч bin هزار الف 千"),
        (4, "万 萬 만"),
        (5, "lakh lakhs lac lacs"),
        (6, "m mm mn mio mln mill million millions millionen млн миллионов milyon میلیون ملیون 百万"),
        (7, "crore crores cr"),
        (8, "亿 億 억"),
        (9, "bn md mrd mld mia milliard milliards milliarden billion billions млрд миллиардов milyar میلیارد ملیار"),
        (12, "трлн trilyon تریلیون"),
    )
    for key in keys.split()
} | {"هزار میلیون": 9, "هزار میلیارد": 12}
#: Letters that scale what they stand before, and mean something else alone -> the power of ten: TEUR, م.ت.
LETTERS = {"T": 3, "م": 6}
_HARMLESS_TEXT = """
    in of the a an at as per amount amounts value values price revenue sum total totals number numbers numeric only all
    net nett netto gross brutto est estimated estimate expected forecast approx converted optional required
    excl exclusive excluding ex exkl exklusive incl inclusive including inc inkl inklusive zzgl plus with without
    before after mit ohne vor nach hors avec sans ht ttc con sin incluido dahil haric
    tax taxes vat sales gst mwst ust tva iva kdv impuestos
    currency currencies deal opportunity order record company corporate account organisation organization base home
    local own original default reporting wahrung devise moneda
    bez dph vcetne btw exclusief inclusief moms esclusa inclusa lordo taxe comprise incluse incluida
    без с ндс включая нетто брутто
    betrag preis wert umsatz montant prix valeur importe precio valor tutar fiyat importo prezzo bedrag prijs сумма цена
    kwota cena مبلغ قیمت ارزش جمع واحد پول
    به کل خالص ناخالص با بدون مالیات احتساب ارز معامله شرکت
"""
#: Words in the title of a column of amounts that change no figure: what it is of, with or without taxes, in whose
#: currency where the rows say it; folded.
HARMLESS = frozenset(_HARMLESS_TEXT.split())
#: Codes of currencies that are words or abbreviations as well.
ORDINARY = frozenset(("ALL", "BAM", "BOB", "COP", "CUP", "GEL", "MAD", "MOP", "PEN", "SOS", "STD", "TOP", "TRY"))
_EVERYDAY_TEXT = "EUR USD GBP CHF JPY CNY AUD NZD SEK NOK DKK PLN CZK HUF INR BRL MXN ZAR AED RUB KRW SGD HKD IRR TL"
#: Names of currencies that people write in any case, and that are no words.
EVERYDAY = frozenset(_EVERYDAY_TEXT.split())
#: What names a currency, with its scale or without, has no more characters.
_LONGEST = 60
#: Codes that stand in small letters beside a scale too: keur, usdm.
_SMALL = ("eur", "usd")
#: Between which characters a currency and its scale may part: k€, $ M, Mio.€.
_SEAM = re.compile(r"\s+|(?<=[^\W\d_])(?=[^\w\s.])|(?<=[^\w\s])(?=[^\W\d_])|(?<=\.)(?=\S)")


def key_of(text: str) -> str:
    """Return a sign or word as the tables have it."""
    return fold(text).rstrip(".")


def power_of(word: str) -> int | None:
    """Return the power of ten of a word of scale, None for any other."""
    return SCALES.get(key_of(word)) or LETTERS.get(word.rstrip("."))


@lru_cache(maxsize=2048)
def resolve(text: str, default: str) -> tuple[str, int] | None:
    """Return the code that a sign, word, name or code stands for, and the power of ten it counts in; None for anything
    else. Of several codes it is `default` where that is one of them."""
    if len(text) > _LONGEST:
        return None
    if code := UNFOLDED.get(text.strip().rstrip(".")):
        return code, 0
    name = key_of(text)
    if name in TOMAN:
        return "IRR", 1
    if name in SHARED:
        return (default if default in SHARED[name] else SHARED[name][0]), 0
    code = SIGNS.get(name) or name.upper()
    if code not in KNOWN:
        code = _names().get(name.removesuffix("s"), "")
    return (code, 0) if code else None


@cache
def _names() -> dict[str, str]:
    """Key -> code."""
    return {key_of(name).removesuffix("s"): code for code, names in NAMES.items() for name in names.split(", ")}


@lru_cache(maxsize=2048)  # what stands beside the amounts of a file is nearly always the same
def split_unit(text: str) -> tuple[str, str]:
    """Return the words for the currency and for the scale in what stands before or after a number, in either order,
    with or without a blank: "€", "k€", "TEUR", "US$ million". All of it is the currency where that is neither."""
    if not text or resolve(text, "") or len(text) > _LONGEST or key_of(text) in HARMLESS:
        return text, ""
    if power_of(text) and text.rstrip(".") not in LETTERS:
        return "", text
    for at in (*_seams(text), *(seam.start() for seam in _SEAM.finditer(text))):
        first, second = text[:at], text[at:].strip()
        if power_of(first) and resolve(second, ""):
            return second, first
        if power_of(second) and second.rstrip(".") not in LETTERS and resolve(first, ""):
            return first, second
    return text, ""


def _seams(text: str) -> list[int]:
    """Where a scale and a currency may meet without a sign between: kUSD, USDm, 億円, and no word such as Mars."""
    if not text.isascii():
        return [1, *range(len(text) - 2, 1, -1)]
    code = text[1:] if text[1:] in EVERYDAY else text[-3:] if text[-3:] in KNOWN else text[:3]
    if not {text[1:], text[:3]}.intersection(_SMALL) and code not in (EVERYDAY if text.isupper() else KNOWN | EVERYDAY):
        return []
    return [1, 3, len(text) - 3]
