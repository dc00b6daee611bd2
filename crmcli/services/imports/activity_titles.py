"""What heads the columns of tasks and of what happened, in English, German, French, Spanish, Turkish and Persian."""

from __future__ import annotations

#: What heads days and does not say which: of what happened when it did, of what is to be done when it is due.
DAYS = ("date", "date time", "date and time", "when", "datum", "wann", "fecha", "tarih", "تاریخ")
#: What heads the days and the times at which something starts, and the days on which it ends.
START_DAYS = (
    "start", "start date", "start date time", "start date and time", "start day", "starts", "starts on", "date start",
    "meeting start", "meeting start time", "meeting start date", "event start", "event start time", "begin",
    "begin date", "begins", "begins on", "start am", "startdatum", "starttermin", "startet am", "beginn", "beginn am",
    "beginndatum", "beginnt", "beginnt am", "anfang", "anfangsdatum", "début", "date de début", "date début",
    "commence le", "from", "von", "desde", "از", "inicio", "fecha de inicio", "fecha inicio", "comienza", "comienza el",
    "empieza", "empieza el",
    "başlangıç", "başlangıç tarihi", "başlama tarihi", "شروع", "تاریخ شروع", "آغاز", "تاریخ آغاز",
)  # fmt: skip
START_TIMES = (
    "start time", "begin time", "startzeit", "startuhrzeit", "anfangszeit", "beginn", "beginn um", "beginnt um",
    "startet um", "heure de début", "heure début", "hora de inicio", "hora inicio", "başlangıç saati", "başlama saati",
    "ساعت شروع", "زمان شروع", "ساعت آغاز",
)  # fmt: skip
END_DAYS = (
    "end", "end date", "ends", "ends on", "finish", "finish date", "ende", "enddatum", "endet am", "endtermin", "fin",
    "end time", "date end", "until", "bis", "hasta", "تا", "endzeit", "enduhrzeit", "heure de fin", "hora de fin",
    "meeting end", "meeting end time", "event end", "event end time", "date de fin", "date fin", "fecha de fin",
    "fecha fin", "termina", "bitiş", "پایان", "تاریخ پایان", "تاریخ اتمام",
)  # fmt: skip
#: What heads whatever somebody writes about.
THEMES = ("subject", "betreff", "thema", "objet", "sujet", "asunto", "tema", "konu", "موضوع")
#: What heads a subject as well, where it is nobody's job.
HEADLINES = ("title", "titel", "überschrift", "titre", "título", "başlık", "عنوان")
#: What heads a subject of what happened alone.
TOPICS = (
    "call title", "call subject", "call name", "email subject", "mail subject", "subject line", "message subject",
    "meeting title", "meeting subject", "meeting name", "موضوع تماس", "موضوع ایمیل", "موضوع جلسه",
)  # fmt: skip
#: What heads the telephones and the e-mail addresses of those with whom something happened.
NUMBERS = (
    "phone", "phone number", "number", "telephone", "telephone number", "caller number", "called number",
    "contact number", "contact phone", "mobile", "mobile number", "mobile phone", "cell phone", "rufnummer", "nummer",
    "telefon", "telefonnummer", "handy", "handynummer", "mobil", "téléphone", "numéro", "numéro de téléphone",
    "teléfono", "número", "número de teléfono", "móvil", "numara", "telefon numarası", "telefon no", "شماره",
    "شماره تلفن", "شماره تماس", "شماره موبایل", "تلفن", "موبایل",
)  # fmt: skip
ADDRESSES = (
    "email", "e-mail", "email address", "e-mail address", "mail address", "mailadresse", "e-mail-adresse", "courriel",
    "adresse e-mail", "adresse mail", "correo", "correo electrónico", "e-posta", "e-posta adresi", "ایمیل",
    "پست الکترونیک",
)  # fmt: skip
#: What heads tasks and nothing else.
DEEDS = (
    "to do", "to dos", "action item", "aufgabe", "tâche", "nom de la tâche", "à faire", "tarea", "nombre de la tarea",
    "por hacer", "görev", "görev adı", "yapılacak", "yapılacaklar", "yapılacak iş", "عنوان کار", "نام کار",
)  # fmt: skip
#: Titles of the fields that only tasks and what happened have, and of theirs alone, the nearest first.
TITLES: dict[str, tuple[str, ...]] = {
    "due_on": (
        "due by", "complete by", "to be done by", "موعد", "موعد انجام", "مهلت انجام", "تا تاریخ", "fällig", "fällig am",
        "fälligkeit", "fälligkeitsdatum", "fällig bis", "bis wann", "frist", "termin", "stichtag", "échéance",
        "date d'échéance", "date limite", "pour le", "à faire pour le", "à faire avant le",
        "vencimiento", "fecha de vencimiento", "fecha límite", "vence", "vence el", "plazo", "fecha tope",
        "son tarih", "bitiş tarihi", "teslim tarihi", "son teslim tarihi", "vade", "vade tarihi", "son gün",
        "موعد مقرر", "تاریخ موعد", "تاریخ مهلت", "ددلاین", *DAYS,
    ),
    "type": (
        "art", "typ", "aufgabentyp", "aufgabenart", "aktivitätstyp", "aktivitätsart", "type de tâche",
        "type d'activité", "tipo", "tipo de tarea", "tipo de actividad", "tür", "türü", "tip", "görev türü",
        "görev tipi", "aktivite türü", "etkinlik türü", "نوع کار",
    ),
    "minutes": (
        "duration", "call duration", "length", "dauer", "dauer in minuten", "gesprächsdauer", "minuten", "durée",
        "durée en minutes", "durée de l'appel", "duración", "duración en minutos", "duración de la llamada", "minutos",
        "süre", "süresi", "arama süresi", "görüşme süresi", "dakika", "مدت", "مدت زمان", "طول مدت", "مدت تماس",
        "مدت مکالمه", "دقیقه",
    ),
    "place": (
        "where", "ort", "treffpunkt", "veranstaltungsort", "wo", "lieu", "endroit", "emplacement", "où", "lugar",
        "ubicación", "sitio", "dónde", "yer", "konum", "mekan", "nerede", "محل برگزاری", "کجا",
    ),
    "remind": (
        "reminder", "remind me", "alarm", "erinnerung", "erinnerungen", "erinnern", "erinnere mich", "rappel",
        "rappels", "me rappeler", "alarme", "recordatorio", "recordatorios", "recordar", "recordarme", "alarma",
        "hatırlatma", "hatırlatmalar", "hatırlatıcı", "hatırlat", "anımsatıcı", "یادآوری", "یادآور", "یادآوری ها",
        "هشدار", "آلارم",
    ),
    "repeat": (
        "repeat", "repeat every", "recurs", "recurrence", "recurrence rule", "rrule", "wiederholung", "wiederholungen",
        "wiederholen", "wiederholt sich", "turnus", "serie", "récurrence", "répétition", "répéter", "se répète",
        "périodicité", "repetición", "repetir", "repetir cada", "se repite", "recurrencia", "periodicidad", "tekrar",
        "tekrarla", "tekrarlama", "tekrarlanma", "tekrar sıklığı", "yineleme", "yinelenme", "تکرار", "تکرار شود",
        "دوره تکرار", "بازه تکرار", "نحوه تکرار", "تناوب",
    ),
    "repeat_from": ("wiederholung ab", "تکرار از"),
    "attendees": (
        "guests", "invitees", "required attendees", "erforderliche teilnehmer", "teilnehmende", "eingeladene", "gäste",
        "participants", "invités", "participantes",
        "asistentes", "invitados", "katılımcılar", "katılanlar", "davetliler", "شرکت کنندگان", "شرکت کننده ها",
        "حاضران", "حاضرین", "مدعوین", "مهمانان",
    ),
    "feedback": (
        "outcome", "result", "ergebnis", "résultat", "resultado", "sonuç", "نتیجه", "بازخورد",
    ),
    "done_at": (
        "completed date", "completed on", "completed at", "completed time", "date completed", "completion date",
        "marked as done time", "closed time", "closed date", "closed at", "done on", "finished on", "erledigt am",
        "abgeschlossen am", "fertig am", "terminé le", "fait le", "achevé le", "completado el", "terminado el",
        "finalizado el", "hecho el", "tamamlanma tarihi", "tamamlandığı tarih", "bitirildi", "تاریخ انجام",
        "تاریخ تکمیل", "تاریخ اتمام", "انجام شده در",
    ),
    "at": (
        *DAYS, "timestamp", "time", "activity date", "interaction date", "contact date", "call date", "meeting date",
        "email date", "message date", "date of contact", "occurred at", "occurred on", "happened at", "happened on",
        "logged at", "logged on", "sent", "sent at", "sent on", "sent date", "date sent", "received at", "start",
        "start date", "start time", "started at", "start date time", "start date and time", "date start",
        "call start", "call start time", "call time", "call date and time", "meeting start", "meeting start time",
        "meeting start date", "meeting time", "meeting date and time", "event date", "event start", "event start time",
        "email sent date", "mail date", "zeitpunkt", "startzeit", "startdatum", "terminbeginn", "besprechungsbeginn",
        "datum und uhrzeit", "datum uhrzeit", "anrufdatum", "kontaktdatum", "gesendet", "gesendet am", "beginn",
        "uhrzeit", "date et heure", "date de début", "heure de début", "date de réunion", "date de la réunion",
        "date d'appel", "date de l'appel", "horodatage", "quand", "envoyé le", "début", "heure", "fecha y hora",
        "fecha de la llamada", "cuándo", "enviado el", "inicio", "fecha de inicio", "hora de inicio",
        "fecha de la reunión", "hora", "tarih ve saat", "tarih saat", "arama tarihi", "görüşme tarihi", "zaman",
        "ne zaman", "gönderilme tarihi", "başlangıç", "başlangıç tarihi", "toplantı tarihi", "saat", "تاریخ و ساعت",
        "تاریخ و زمان", "زمان", "تاریخ تماس", "تاریخ جلسه", "شروع", "تاریخ شروع", "زمان شروع", "زمان جلسه",
        "تاریخ تعامل", "تاریخ گفتگو",
        "تاریخ مکالمه", "تاریخ ارسال", "تاریخ فعالیت",
    ),
    "kind": (
        "type", "activity type", "interaction type", "type of activity", "type of contact", "channel", "art", "typ",
        "aktivitätstyp", "aktivitätsart", "kontaktart", "kanal", "type d'activité", "type de contact", "canal", "tipo",
        "tipo de actividad", "tipo de contacto", "tür", "türü", "tip", "aktivite türü", "iletişim türü",
        "görüşme türü", "نوع", "نوع فعالیت", "نوع تعامل", "نوع ارتباط", "کانال",
    ),
    "direction": (
        "call direction", "email direction", "message direction", "inbound or outbound", "inbound outbound", "in out",
        "incoming outgoing", "call type", "richtung", "anrufart", "anruftyp", "type d'appel", "tipo de llamada",
        "arama türü", "نوع تماس",
        "anrufrichtung", "eingang ausgang", "eingehend ausgehend", "sens", "sens de l'appel", "entrant sortant",
        "dirección", "dirección de la llamada", "sentido", "entrante saliente", "yön", "yönü", "arama yönü",
        "gelen giden", "جهت", "جهت تماس", "ورودی خروجی", "ورودی یا خروجی",
    ),
    "author": (
        "logged by", "written by", "owner", "assigned to", "activity assigned to", "activity owner", "call owner",
        "meeting owner", "event owner", "email owner", "besitzer", "zuständig", "zugewiesen an", "propriétaire",
        "assigné à", "responsable", "asignado a", "propietario", "sorumlu", "مسئول", "مسئول تماس", "autor", "verfasser",
        "erfasst von", "auteur", "rédigé par", "escrito por", "registrado por", "yazar", "yazan", "kaydeden", "نویسنده",
        "ثبت کننده",
    ),
    "body": (
        "notes", "comments", "comment", "content", "contents", "message", "description", "details", "remarks",
        "summary", "transcript", "call notes", "call body", "call description", "email body", "message body",
        "meeting notes", "inhalt", "notizen", "notiz", "gesprächsnotiz",
        "gesprächsnotizen", "bemerkung", "bemerkungen", "beschreibung", "nachricht", "kommentar", "kommentare",
        "anmerkung", "anmerkungen", "zusammenfassung", "contenu", "texte", "commentaires", "commentaire", "remarques",
        "remarque", "compte rendu", "résumé", "contenido", "texto", "notas", "nota", "observaciones", "observación",
        "comentarios", "comentario", "descripción", "detalles", "mensaje", "resumen", "içerik", "metin", "notlar",
        "not", "görüşme notu", "görüşme notları", "açıklama", "açıklamalar", "yorum", "yorumlar", "mesaj", "özet",
        "متن", "شرح", "شرح تماس", "شرح مکالمه", "توضیحات", "توضیح", "یادداشت", "یادداشت ها", "متن پیام", "پیام",
        "خلاصه",
    ),
}  # fmt: skip
