"""Which given names are short for which others, as far as that is common knowledge where they are used.

A short form may have several long ones: Alex is Alexander or Alexandra, who are two people all the same.
"""

from __future__ import annotations

from crmcli.domain.text import fold

#: A given name and what those are called who have it: English, German, Spanish, French, Dutch, Italian, Russian and
#: Persian ones, each as it is written.
_SHORT_TEXT = """
    abigail=abby,gail abraham=abe,bram adelheid=heidi adrianus=adri,arie agnes=aggie albert=bertie
    alberto=berto,beto albertus=albert,bert alejandra=alex,jandra alejandro=alex,jandro
    aleksander=alex,olek,sascha,sasha aleksandr=alex,alik,sanya,sascha,sasha,shura
    aleksandra=alex,ola,sanya,sasha,shura aleksei=alyosha,lyosha aleksey=alyosha,lyosha alessandra=sandra
    alessandro=sandro alexander=alec,alex,lex,sander,sandy,sascha,sasha,xander alexandr=sanya,sasha,shura
    alexandra=alex,lexi,sacha,sandra,sandy,sascha,sasha alexandre=alex,sacha alexei=alyosha,lyosha
    alexey=alyosha,lyosha alfons=fonsi alfonso=poncho alfred=alf,alfie,fred alfredo=fredo alison=ali
    alois=lois,loisl amanda=mandy anastasia=asya,nastia,nastya,stasya anatoliy=tolya anatoly=tolya
    andreas=andi,andy andrei=andryusha andrew=andy,drew andrey=andryusha angela=angie angelika=geli anna=anya
    anneliese=anni,liesl annemarie=anni anthony=ant,tony anton=toni antonella=anto antonia=toni,toos
    antonio=nino,toni,tono,totò antonius=teun,ton,toon archibald=archie arthur=art augustus=gus
    barbara=babs,babsi,barb,barbie barnabas=barney bartholomeus=bart bartholomew=bart bartolomeo=meo beatrice=bea
    beatriz=bea,betty benjamin=ben,benji,benny benoit=ben bernadette=nadette bernard=bernie bernardus=ben
    bernhard=berni boris=borya bradley=brad bridget=biddy brigitte=biggi,gitte,gitti calvin=cal cameron=cam
    carlos=carlitos,charly carmen=menchu caroline=caro,carrie caterina=rina catharina=carine,rina,tineke,toos,trijn
    catherine=cat,cath,cathy,kat,kate,kathy,katie,kay,kitty charles=charlie,chas,chip,chuck
    charlotte=charlie,lotte,lottie christiaan=chris christian=chris christina=chris,chrissy,tina
    christine=chris,chrissy,tina christoph=chris,stoffel christopher=chris,kit,topher clifford=cliff
    concepcion=concha,conchita concetta=tina consuelo=chelo cornelia=corrie,neeltje,nel cornelis=cees,cor,kees,nelis
    cynthia=cindy daniel=dan,danny danielle=dani daria=dasha darya=dasha david=dave,davey deborah=deb,debbie,debby
    dirk=dick dmitri=dima,mitya dmitriy=dima,mitya dmitry=dima,mitya dolores=lola domenico=mico,mimmo dominic=dom
    dominique=dom donald=don,donny dorothea=dora,thea dorothy=dolly,dora,dot,dottie douglas=doug eberhard=ebi
    ebrahim=ebi edgar=ed,eddie edmund=ed,eddie,ned edouard=ed eduard=edi eduardo=edu,lalo
    edward=ed,eddie,ned,ted,teddy edwin=ed,eddie ekaterina=katia,katya eleanor=ellie,nell,nellie,nora elena=lena
    eleonora=ele,nora elfriede=elfi
    elisabeth=babeth,bep,betje,betti,elli,els,else,lies,liesbeth,liesl,lisa,lisbeth,lisette,lisl,sisi,sissi
    elisabetta=betta,lisa elizabeth=beth,betsy,betty,eliza,ellie,libby,liz,lizzie,lizzy emanuele=manu
    emily=em,emmy,millie emmanuel=manu emmanuelle=manu encarnacion=encarna enrico=rico enrique=kike,quique
    ernest=ernie esperanza=espe eugene=gene eugenia=genie eugenio=geno evelyn=evie everardus=evert evgenia=zhenya
    evgeniy=zhenya evgeny=zhenya ezekiel=zeke fatemeh=fati federica=fede federico=fede,rico ferdinand=ferdi,ferdl
    ferdinando=nando fernando=nando filippo=pippo florence=flo,florrie frances=fran,frannie francesca=franca
    francesco=ciccio,franco francis=frank,frankie francisca=cisca,paca,paqui francisco=cisco,curro,paco,pancho,quico
    franciscus=frans franklin=frank franz=franzl franziska=fanny,franzi,sissy frederic=fred
    frederick=fred,freddie,freddy,rick frederique=fred friederike=fritzi,rike friedrich=friedl,fritz gabriel=gabe
    gabriela=gabi,gaby gabriele=gabi gabrielle=gabby gaetano=tano galina=galya genevieve=ginette geoffrey=geoff
    georg=girgl,schorsch george=georgie georgy=gosha,zhora gerald=gerry,jerry geraldine=gerry gerard=gerry
    gerardo=gera gerardus=geert,gerrit gerrit=ger gertraud=gerti,traudl,trude gertrud=gerti,trude,trudi
    giacomo=giacomino,mino gijsbert=bert,gijs gijsbertus=bert,gijs gilbert=gil giovanna=gianna,vanna
    giovanni=gianni,nanni,vanni giuseppe=beppe,geppo,peppe,peppino,pino giuseppina=giusy,peppina,pina gregorio=goyo
    gregory=greg grigory=grisha guadalupe=lupe,lupita guglielmo=memmo guillaume=gui,guigui
    guillermo=guille,memo gustavo=gus gwendolyn=gwen hannelore=hanne,lore harold=hal,harry harriet=hattie
    heinrich=hein,heiner,heini,heinz helen=nell,nellie hendrik=hein,henk,rik hendrika=riek hendrikus=hein,henk,rik
    henricus=harrie,hein,henk,rik henry=hal,hank,harry herbert=bert,herb hildegard=hilda,hilde howard=howie
    hubert=bert,hubsi hubertus=huub ignacio=nacho ignatius=iggy ignaz=naz immacolata=imma inmaculada=inma irina=ira
    isaac=ike isabel=bella,belle,izzy isabella=bella,belle,izzy isabelle=belle,isa ivan=vanya jacob=jake
    jacoba=co,coba jacobus=co,jaap,kobus,koos,sjaak jacques=jacquot jakob=jockel james=jamie,jim,jimbo,jimmy
    janet=jan javier=javi jean=jeannot jeffrey=jeff jennifer=jen,jenny jeremiah=jem,jerry
    jeremy=jem,jerry jessica=jess,jessie jesus=chucho,chuy,suso joanna=jo,joey joanne=jo joaquin=quino,ximo
    johan=joop johann=hans,hansi,hansl johanna=hanna,hanneke,hanni,joke
    johannes=hannes,hans,hansi,jan,johan,joop john=jack,johnny jonathan=jon,jonny jose=chepe,pepe
    josef=beppo,jupp,pepi,sepp,seppl josefa=fina,pepa,pepi josefina=fina,pepa josefine=fini,pepi
    joseph=jo,joe,joey,jupp,pepi,sepp josephine=fifi,jo,josie josephus=jef,jos,sjef joshua=josh jozef=jef,sjef
    judith=judy kambiz=kami kamran=kami karoline=lina katharina=kaethe,kathi,kati,katja,käthe,trine
    katherine=cathy,kat,kate,kathy,katie,kay,kitty kathleen=kate,kath,kathy kathryn=cathy,kat,kate,kathy,katie,kitty
    kenneth=ken,kenny kimberly=kim konrad=konni konstantin=kosta,kostya ksenia=ksyusha larisa=lara
    laurence=larry,laurie lawrence=larry,laurie leonard=len,lenny,leo leonardo=leo leonardus=leo leonhard=leo
    leonid=lyonya leopold=leo,poldi leroy=roy leticia=lety lev=lyova lidia=lida lillian=lil,lily
    lorenzo=lencho,lollo,renzo louis=louie louise=lou ludmila=luda,lyuda,mila ludwig=luggi,lutz,wiggerl
    luigi=gigi,gino luigia=gina luis=lucho lyubov=lyuba lyudmila=lyuda,mila maddalena=lena madeleine=maddy
    magdalena=lena,leni,magda maksim=maks,max manfred=manni manuel=manolo,manu manuela=manoli marcus=marc
    margaret=maggie,marge,margie,meg,peg,peggy margarete=greta,grete,gretel,gretl,marga
    margaretha=greet,griet,margriet margarethe=greta,grete,gretl,marga margarita=marga,rita margherita=marga,rita
    marguerite=margot maria=marijke,marusya,masha,mieke,mitzi,mizzi,ria,riet mariya=masha marjorie=marge,margie
    martha=marty martin=marty martina=tina martinus=tinus mary=mamie,molly,polly masoumeh=masi massimiliano=max
    massimo=max mathias=hias,matze matilda=mattie,tilly matthaeus=hias mattheus=thijs matthew=matt,matty
    matthias=hias,matze matthijs=thijs maurice=moe maxim=max maxime=max maximilian=max,maxi maximilien=max
    maximillian=max maxwell=max melanie=mel melissa=mel,missy melvin=mel mercedes=meche,merche
    michael=michi,mick,mickey,micky,mike,mikey michelle=shelly miguel=migue mikhail=misha mildred=millie
    mitchell=mitch mohammad=mamad,mo mohammed=mo monika=moni montgomery=monty montserrat=montse muhammad=mo
    nadezhda=nadya natalia=nata,natasha natalya=nata,natasha nathan=nate nathaniel=nat,nate nazanin=nazi
    nicholas=nick,nicky,nico nicola=nico nicolaas=klaas,nico nicolas=nick,nico nicolaus=klaas,nico
    nicole=nicky,nikki nicolo=nico nikolai=kolya nikolaus=klaus,nik,niki nikolay=kolya norman=norm oksana=ksana
    olga=olya oliver=ollie,olly olivia=liv,livvy,ollie oscar=ozzie oswald=ossi,ozzie ottilie=otti pamela=pam
    patrice=pat patricia=pat,pati,patsy,patty,tricia,trish patrick=paddy,pat pavel=pasha penelope=penny peter=pete
    petr=petya petronella=nel,nelleke petrus=piet,pieter philip=phil,pip philippe=phil phillip=phil,pip pieter=piet
    polina=polya priscilla=cilla pyotr=petya rafael=rafa raffaele=lello,raf raffaella=lella,raf ramon=moncho
    raymond=ray rebecca=becca,beck,becky refugio=cuca reginald=reg,reggie ricardo=richi riccardo=ricky
    richard=dick,rich,richie,rick,ricky robert=bert,bob,bobby,rob,robbie roberta=bobbie roberto=berto,beto,robi,tito
    roderick=rod rodrigo=rodri ronald=ron,ronnie rosario=charo rosemarie=rosi rosemary=rose,rosie roswitha=rosi
    rudolf=dolf,rudi,ruud sabine=bine salvador=chava,salva salvatore=salvo,tore,toto,totò,turi samantha=sam,sammy
    samuel=sam,sammy santiago=santi sarah=sadie,sally sebastiaan=bas sebastian=bas,basti,seb,wastl sebastien=seb
    semyon=syoma sergei=seryozha sergey=seryozha sergio=checo siamak=sia siavash=sia siegfried=siggi,sigi
    sigmund=siggi,sigi socorro=coco sofia=sonya sofya=sonya soledad=sole solomon=sol,solly stanislav=slava,stas
    stanley=stan stefan=steff stefania=stefy stefanie=steffi stephane=steph stephanie=steph,stevie
    stephen=steve,stevie steven=steve,stevie stuart=stu susan=sue,sukie,susie,suzy susannah=sue,susie
    susanne=sanne,susi suzanne=sue,suzy svetlana=sveta sylvia=syl sylvie=syl tatiana=tania,tanya tatyana=tania,tanya
    terence=terry teresa=resi,tere,terry,tess,tessa thaddeus=tad theodore=ted,teddy,theo theodorus=theo
    theresa=terry,tess,tessa,tracy therese=resi theresia=resi,resl thomas=tom,tommi,tommy timothy=tim,timmy
    tobias=tobi,toby tommaso=maso,tommy trinidad=trini ulrich=uli,ulli ulrike=rike,uli,ulli ursula=ulla,uschi
    vadim=vadik valentin=valya valentina=vale,valya valerie=val valery=valera vasily=vasya verena=vreni
    veronica=ronnie veronika=vreni,vroni veronique=vero vicente=chente victor=vic victoria=tori,vicki,vicky,vika
    viktor=vitya viktoria=vika vincent=vince,vinny vincenzo=enzo virginia=ginger,ginny vittorio=vitto
    vladimir=vladik,volodya,vova vladislav=slava,vlad vyacheslav=slava walter=wally,walt wilfred=wilf
    wilhelm=willi,willy wilhelmina=billie,mina,minnie,willy wilhelmine=mina,minna wilhelmus=willem,wim
    willem=pim,wim william=bill,billy,liam,will,willie,willy winifred=winnie wolfgang=gangerl,wolf,wolfi xavier=xav
    yaroslav=slava,yarik yekaterina=katia,katya yelena=lena yevgenia=zhenya yevgeny=zhenya yolanda=yoli yulia=yulya
    yuri=yura yury=yura zachary=zach,zack,zak zinaida=zina
    александр=алик,саня,саша,шура александра=саня,саша,шура алексей=алеша,алёша,леша,лёша анастасия=ася,настя,стася
    анатолий=толя андрей=андрюша анна=аня,нюра,нюша антонина=тоня антон=антоша борис=боря валентин=валя
    валентина=валя валерий=валера валерия=лера василий=вася виктор=витя виктория=вика виталий=виталик
    владимир=вова,володя владислав=влад,слава вячеслав=слава галина=галя геннадий=гена георгий=гоша,жора
    григорий=гриша дарья=даша дмитрий=дима,митя евгений=женя евгения=женя екатерина=катя елена=лена елизавета=лиза
    зинаида=зина иван=ваня ирина=ира константин=костя ксения=ксюша лариса=лара леонид=леня,лёня лидия=лида
    любовь=люба людмила=люда,мила максим=макс маргарита=рита мария=маруся,маша михаил=миша надежда=надя
    наталья=ната,наташа наталия=ната,наташа николай=коля оксана=ксюша ольга=оля павел=паша петр=петя пётр=петя
    полина=поля светлана=света семен=сема сергей=сережа,серёжа софия=соня софья=соня станислав=слава,стас
    татьяна=таня тимофей=тима федор=федя фёдор=федя юлия=юля юрий=юра яков=яша ярослав=слава
    محمد=ممد فاطمه=فاطی ابراهیم=ابی کامران=کامی کامبیز=کامی سیاوش=سیا سیامک=سیا نازنین=نازی معصومه=مصی غلامرضا=غلام
    غلامحسین=غلام غلامعلی=غلام فریدون=فری فریبا=فری فرشته=فری خدیجه=خدی اسماعیل=اسی
"""


def _long_forms() -> dict[str, frozenset[str]]:
    """A folded name -> the names that it may stand for; one that others are short for stands for itself too."""
    found: dict[str, set[str]] = {}
    for entry in fold(_SHORT_TEXT).split():
        name, _, short = entry.partition("=")
        for form in (name, *short.split(",")):
            found.setdefault(form, set()).add(name)
    return {form: frozenset(names) for form, names in found.items()}


#: A folded given name -> the names that it may stand for; names that are not known are not in it.
LONG_FORMS = _long_forms()


def one_called_both(a: str, b: str) -> bool:
    """Whether one person may well be called by both of two folded given names: one is short for the other, or both are
    short for one name and for no other. Alex and Sandra are a couple as often as they are Alexandra."""
    ours, theirs = LONG_FORMS.get(a), LONG_FORMS.get(b)
    if ours is None or theirs is None:
        return False
    return a in theirs or b in ours or (len(ours) == 1 and ours == theirs)
