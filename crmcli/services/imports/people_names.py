"""Whether a column names people or firms, by its cells: given names, addresses that repeat a name, legal forms."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from crmcli.domain.address import is_public_domain
from crmcli.domain.dedupe.reading import FORMS, person_words
from crmcli.domain.text import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Common given names, as they are spelt in English, German, French, Spanish and Portuguese, Italian, Dutch, the north
#: and the east of Europe, Turkish, Arabic, the languages of India, and Persian. Those that firms are as often called by
#: are none of them: Grant, Chase, Paris.
_GIVEN = """
    aaron abigail ada adam adrian aidan alan albert alex alexander alexandra alexis alfred alice alison allison
    amanda amelia amy andrea andrew andy angela ann anna anne annie anthony antonia arthur ashley audrey
    barbara barry beatrice ben benjamin bernard beth betty beverly bill billy bo bob bonnie brad bradley brandon
    brenda brett brian bridget bruce bryan caleb cameron carl carla carlos carol caroline carolyn catherine cathy
    charles charlie charlotte cheryl chloe chris christian christina christine christopher cindy claire clara clark
    claudia colin connor craig curtis cy cynthia daisy dan daniel danielle danny dave david dawn deborah debra
    denise dennis derek diana diane dominic don donald donna doris dorothy doug douglas dylan ed eddie edgar edith
    edward edwin eileen elaine eleanor elizabeth ella ellen ellie elsie emily emma eric erica erin ethan eugene eva
    evan evelyn fiona frances francis frank fred frederick gabriel gareth gary gavin gemma geoffrey george gerald
    gina gloria gordon grace graham greg gregory hannah harold harriet harry heather helen henry holly howard hugh
    ian irene isaac isabel isabella ivan jack jackie jacob jacqueline jake james jamie jan jane janet janice jason
    jay jean jeff jeffrey jenna jennifer jenny jeremy jerry jesse jessica jill jim jimmy joan joanna joanne joe joel
    john johnny jon jonathan jordan joseph josh joshua joyce juan judith judy julia julian julie justin karen karl
    kate katherine kathleen kathryn kathy katie keith kelly ken kenneth kerry kevin kim kimberly kirsten kurt kyle
    larry laura lauren laurence lawrence leah lee leon leonard leslie lewis liam lily linda lisa lloyd lois
    louis louise lucas lucy luke lydia lynn malcolm marc marcus margaret maria marie marilyn marion mark
    martha martin marvin mary matt matthew maureen max megan melanie melissa michael michelle mike mildred molly
    monica nancy naomi natalie natasha nathan neil nicholas nick nicola nicole nigel noah nora norma norman oliver
    olivia oscar owen pamela pat patricia patrick paul paula pauline peggy penny peter phil philip phillip phyllis
    rachel ralph randy raymond rebecca richard rick rita rob robert robin rodney roger ron ronald rosemary ross roy
    russell ruth ryan sally sam samantha samuel sandra sara sarah scott sean shannon sharon shaun shawn sheila
    shirley simon sophia sophie stacey stanley stella stephanie stephen steve steven stewart stuart sue susan
    suzanne sylvia tara ted teresa terry theodore theresa thomas tim timothy tina todd tom tony tracy trevor tyler
    valerie vanessa vera veronica vicki victor victoria vincent walter wanda warren wayne wendy wesley
    william zach zachary zoe
    achim agnes alois andreas angelika anja anke annette annika antje anton astrid axel bernd bernhard bettina
    birgit björn brigitte britta carsten christa christel christoph dagmar detlef dieter dietmar dirk doreen
    eberhard elfriede elisabeth elke erich erika ernst erwin felix florian franz franziska friederike friedrich
    fritz gabi gabriele georg gerd gerhard gerda gertrud gisela greta günter günther hanna hannelore hans harald
    hartmut heidi heike heiko heinrich heinz helga helmut herbert hermann hildegard holger horst inge ingeborg ingo
    ingrid irmgard jana jens joachim jochen jonas jörg josef jürgen jutta kai karin karsten katharina kathrin katja
    katrin kerstin klaus konrad kristina lars lena lukas lutz maik manfred manuela marco marcel mareike margarete
    marianne markus marlene marlies martina mathias matthias maximilian michaela mirko monika moritz nadine nils
    norbert olaf otto patrizia petra philipp rainer ralf reiner reinhard reinhold renate rolf rosemarie rüdiger
    rudolf sabine sabrina sascha siegfried sigrid silke silvia sonja stefan stefanie susanne sven svenja tanja
    tatjana thorsten tobias torben torsten traute udo ulf ulrich ulrike ursula ute uwe verena volker waltraud werner
    wilhelm wolfgang yvonne
    adele alain amélie andré antoine arnaud aurélie bénédicte benoît bernadette bertrand camille cécile céline
    chantal christophe claude clément colette corinne cyril damien delphine denis didier dominique elise élodie
    émile émilie emmanuel éric étienne fabien fabrice françois françoise frédéric gaëlle georges gérard
    ghislaine gilles guillaume guy hélène henri hervé hugo isabelle jacques jérôme josé joséphine julien juliette
    laetitia laurent léa loïc luc lucie ludovic manon margaux marguerite martine mathieu mathilde maxime michel
    mireille monique muriel nathalie nicolas odette océane olivier pascal patrice philippe pierre quentin raphaël
    régine rémi renaud rené roland romain sandrine sébastien séverine simone solange stéphane stéphanie sylvain
    sylvie thérèse thibault thierry valentin véronique virginie xavier yann yannick yves
    adriana agustín alberto alejandra alejandro alfonso alfredo álvaro ana andrés ángel antonio armando arturo
    beatriz belén bruno camila carmen carolina catalina cecilia césar clarisa claudio concepción cristian cristina
    daniela diego dolores eduardo elena emilio enrique ernesto esperanza esteban eugenia federico felipe fernanda
    fernando francisca francisco gabriela gonzalo gregorio guadalupe guillermo gustavo héctor ignacio inés isidro
    jaime javier jesús joão joaquín jorge juana julio leonardo leticia lorena lourdes lucía luis luisa luiz manuel
    marcela marcelo margarita mariana mariano marina mario marta martín mateo mauricio miguel miriam natalia
    nuria óscar pablo paloma patricio paulo pedro pilar rafael ramón raquel raúl ricardo roberto rocío rodrigo rosa
    rosario rubén sergio sofía soledad susana tiago tomás valentina valeria vicente víctor ximena
    yolanda
    alessandra alessandro alessia angelo antonella bruna carlo chiara daniele davide domenico elisa emanuele enrico
    fabio fabrizio federica filippo francesca francesco franco gianluca gianni giacomo giada giorgia giorgio
    giovanna giovanni giulia giulio giuseppe ilaria jacopo lorenzo luca luciano luigi maddalena marcella massimo
    matteo maurizio michela michele mirella nicoletta ornella paola paolo piero pietro raffaele riccardo rosanna
    salvatore silvio simona stefania stefano tommaso umberto valerio vittorio
    anneke bart bas bram cees daan els femke frans gerrit gijs hendrik hilde ineke jaap jeroen joost joris johan
    johannes kees koen lieke liesbeth maarten marieke marijke mieke niels piet pieter rens ruud saskia sanne sjoerd
    thijs tijs willem wim wouter
    aino anders anette arne arvid asbjørn bengt berit birgitta bjørn britt carina christer ebba einar elin emil erik
    fredrik gunnar gustav håkan hanne helle henrik inga ingvar jari jesper johanna juha jukka jørgen kaisa katarina
    kari kjell kristian lasse leif linnea mads magnus maja marit marja mats matti mette mikael mikko morten niklas
    ola olav pekka pernille peder pia rasmus runar signe siri solveig sören stig søren tarja tero thor timo
    tor tove trine ulla ville
    agata agnieszka aleksandra aleksander alicja andrei andrej andrzej anita bartosz beata bogdan bojan boris bożena
    branko cezary dana danuta dariusz dimitri dmitri dorota dragan edyta ewa ferenc filip gabor georgi goran
    grzegorz halina igor ilona irena irina ivana iwona jacek jadwiga jakub janusz jarosław jerzy jiří jolanta jozef
    justyna kamil karol karolina kasia katarzyna kateřina kinga konstantin krystyna krzysztof ladislav lászló leszek
    ludmila lukáš łukasz maciej magda magdalena małgorzata marcin marek mariusz marzena mateusz michał mihai milan
    miloš mirosław natalya nikola nikolai oksana oleg olena olga ondřej pavel paweł petr piotr radek radosław rafał
    renata roman ryszard sándor sergei sergey sławomir snežana stanisław svetlana szymon tadeusz tamara tatiana
    tatyana tomáš tomasz urszula vaclav václav vadim vasile vesna viktor viktoria vladimir vojtěch wiesław wojciech
    yulia zbigniew zdeněk zoltán zofia zsuzsa анна алексей александр андрей дмитрий екатерина елена иван игорь ирина
    мария михаил наталья николай ольга павел сергей татьяна юлия
    abdullah adem ahmet ali aylin ayşe aysel barış berk burak bülent canan cem cemal ceren deniz derya dilek
    ebru ece elif emine emre engin ercan erkan esra fatih fatma ferhat figen gamze gökhan gül gülay hakan halil
    hande hasan hatice hülya hüseyin ibrahim ilker ismail işıl kadir kemal kerem koray leyla levent mehmet melek
    melis meltem meryem merve mert metin murat mustafa nazlı nese nuray okan onur orhan osman ömer özge özlem pelin
    pınar recep sedat selim selin serdar serkan sevgi sibel sinan şule tarık tolga tuba tuğba tülay turgut ufuk uğur
    umut volkan yasemin yavuz yeşim yıldız yusuf zehra zeynep
    abbas abdul abdulrahman ahmad ahmed aisha amal amina amir amira anas ayman bilal dina fadi faisal farah farid
    fatima ghada habib hadi hala hamid hamza hanan hani hassan hussein iman jamal jamila karim khadija khaled khalid
    laila layla lina mahmoud malik maha marwan maryam mohamed mohammad mohammed mona mounir muhammad nabil nadia
    nadim nasser noor omar osama rania rashid rami reem rima saad salim salma samer samir samira sami tariq
    walid yasmin yasmine youssef ziad zainab
    aditya ajay akash amit anand anil anjali ankit arjun arun asha ashok deepa deepak divya ganesh gaurav geeta
    gopal harish kavita kiran krishna kumar lakshmi mahesh manish manoj meena meera mohan mukesh naveen neha nikhil
    nitin padma pooja prakash prasad praveen priya priyanka rahul raj rajesh raju rakesh ram ramesh ravi rekha rohit
    sachin sandeep sanjay sanjeev santosh shalini shankar shilpa shreya sita sneha srinivas sunil sunita suresh
    swati usha varun venkat vijay vikram vinod vishal vivek yash
    آرش آرمان آرمین آزاده آزیتا آناهیتا آیدا ابراهیم ابوالفضل احسان احمد اسماعیل اصغر اعظم افسانه افشین اکبر اکرم
    الناز الهام الهه امید امیر امیرحسین امیررضا امین ایمان بابک بهاره بهرام بهروز بهزاد بهمن بهنام بیتا بیژن پدرام
    پرستو پروانه پروین پرویز پریسا پژمان پویا پیام پیمان ترانه جعفر جلال جمشید جواد حامد حبیب حسن حسین حمید حمیدرضا
    حمیده خدیجه خسرو داریوش داود دلارام راضیه رامین رحیم رسول رضا رعنا رقیه روزبه رویا ریحانه زهرا زهره زینب ژاله
    سارا ساسان سامان سپیده ستاره سجاد سحر سعید سعیده سمانه سمیرا سمیه سهراب سهیل سهیلا سیامک سیاوش سیما سینا شادی
    شاهین شایان شبنم شراره شقایق شهاب شهرام شهره شهریار شهلا شهناز شیما شیرین شیوا صادق صدیقه صفورا طاهره عادل عاطفه
    عباس عبدالله عرفان عزت علی علیرضا غزل غزاله غلامرضا فاطمه فائزه فرامرز فرانک فرخ فرزاد فرزانه فرشاد فرشته فرشید
    فرناز فرهاد فرهنگ فریبا فریبرز فرید فریده فهیمه قاسم کامران کامیار کاوه کبری کمال کوروش کیانوش کیوان گلناز گیتی
    لادن لاله لیدا لیلا مازیار ماندانا ماهان مائده مجتبی مجید محبوبه محسن محمد محمدحسین محمدرضا محمدعلی محمدمهدی
    محمود مرتضی مرجان مرضیه مریم مژده مژگان مسعود مصطفی معصومه ملیحه ملیکا منصور منصوره منوچهر منیژه منیره مهتاب
    مهدی مهدیه مهران مهرداد مهرناز مهسا مهشید مهناز موسی میترا میثم میلاد مینا مینو نادر نادیا ناصر ناهید نازنین
    نرگس نسترن نسرین نگار نگین ندا نوشین نیکی نیلوفر نیما هادی هاشم هاله هانیه هدی هما همایون هومن یاسر یاسمن یاسمین
    یلدا یوسف یونس
"""
#: Signs that no name of a person has, and figures.
_NO_NAME = re.compile(r"[\d&@/+|:;!?]")
#: A name has so many words, those that belong together counted as one; a given name alone may be a firm's.
_FEWEST, _MOST = 2, 4
#: Among people so few are plainly firms: one in so many.
_RARE = 10
#: What is shorter says nothing in an e-mail address.
_SHORTEST = 3


@cache
def _given() -> frozenset[str]:
    return frozenset(fold(_GIVEN).split())


def are_people(rows: Iterable[tuple[str, str]]) -> bool:
    """Whether most of the filled names of `rows` (name, e-mail address or "") are people's, and few are plainly
    firms'. Names that say neither count for neither."""
    found = [is_person(name, email) for name, email in rows if name.strip()]
    return found.count(True) * 2 > len(found) and found.count(False) * _RARE <= len(found)


def is_person(name: str, email: str) -> bool | None:
    """Whether a name is a person's, None where nothing shows it."""
    words, _ = person_words(name)
    if _NO_NAME.search(name) or _has_form(words):
        return False
    if not _FEWEST <= len(words) <= _MOST:
        return None
    return not _given().isdisjoint((words[0], words[-1])) or _has_word(email, words) or None


def has_legal_form(name: str) -> bool:
    """Whether a name is plainly a firm's: Acme GmbH."""
    return _has_form(person_words(name)[0])


def _has_form(words: Iterable[str]) -> bool:
    return any(len(word) > 1 and word in FORMS for word in words)


def repeats(name: str, email: str) -> bool:
    """Whether an e-mail address is that of a person of this name: ann@acme.example is that of Ann Lee, and
    acme@acme.example is that of Acme Rockets."""
    return _has_word(email, person_words(name)[0])


def _has_word(email: str, words: Iterable[str]) -> bool:
    """Whether an e-mail address has one of the words of a name before the @ that its domain has not."""
    local, _, domain = fold(email).partition("@")
    domain = "" if is_public_domain(domain) else domain
    return any(len(word) >= _SHORTEST and word in local and word not in domain for word in words)
