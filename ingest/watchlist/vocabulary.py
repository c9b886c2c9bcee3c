"""Words that say what a capitalised name beside them is: a person's title, a building, another person's first name.

All folded (see `names.fold`), and each one word as `names.tokens` cuts a text: of "Jean-Luc" the part beside the
surname is looked up. Names of places, peoples and days are no first names; what is both ("Jordan", "May") is left to
the list of first names.
"""

from __future__ import annotations

#: Words of a title before a name. `TITLES` are its heads, which decide; `QUALIFIERS` only narrow it.
TITLES = frozenset(
    (
        "president pres chancellor premier minister secretary senator sen representative rep congressman congresswoman "
        "congressmember governor gov ambassador amb speaker chairman chairwoman chairperson chair general gen director "
        "commissioner mayor marshal admiral adm colonel col judge justice commander captain capt lieutenant lt major "
        "maj sergeant sgt private officer detective sheriff deputy professor prof doctor dr reverend rev pastor father "
        "bishop cardinal archbishop rabbi imam coach councilman councilwoman councillor councilor delegate leader king "
        "queen prince princess pope sultan emir sheikh ayatollah envoy adviser advisor treasurer attorney prosecutor "
        "executive whip pm fm vp ag mp mep taoiseach tanaiste baroness baron lord lady dame sir count countess duke "
        "duchess sister brother nurse principal dean spokesman spokeswoman spokesperson comptroller undersecretary "
        "superintendent constable corporal cpl inspector agent crown"
    ).split()
)
#: Beside the heads in a title.
QUALIFIERS = frozenset(
    (
        "of the and for prime vice deputy foreign defense defence interior finance treasury state war commerce energy "
        "health homeland security general supreme national chief majority minority house senate cabinet high grand "
        "press central bank home justice trade external affairs union commission council party federal acting interim "
        "incoming outgoing former then ex elect under special economy labor labour transport transportation education "
        "agriculture environment intelligence permanent assistant associate first"
    ).split()
)
#: Titles that politicians don't have: before a famous surname they mean another person.
FOREIGN_TO_POLITICS = frozenset(
    (
        "judge justice officer detective sheriff sergeant sgt private lieutenant lt corporal cpl constable professor "
        "prof doctor dr reverend rev pastor father bishop cardinal archbishop rabbi imam coach sister brother nurse "
        "principal dean baroness baron lady dame duchess countess princess queen superintendent"
    ).split()
)
#: Titles that anybody may be given; they decide nothing.
FOR_ANYBODY = frozenset("leader mp sir comrade elect candidate nominee chief deputy agent first executive".split())
#: What two countries, or two papers, call the same office.
SAME_TITLE = {
    "pres": "president", "sen": "senator", "rep": "representative", "congressman": "representative",
    "congresswoman": "representative",
    "gov": "governor", "amb": "ambassador", "gen": "general", "adm": "admiral", "col": "colonel", "defence": "defense",
    "war": "defense", "minister": "secretary", "chairwoman": "chairman", "chair": "chairman", "advisor": "adviser",
    "chairperson": "chairman", "labour": "labor", "fm": "foreign secretary", "pm": "prime secretary",
    "premier": "prime secretary", "vp": "vice president", "taoiseach": "prime secretary",
}  # fmt: skip

MEN = frozenset({"mr", "mister"})
WOMEN = frozenset({"mrs", "ms", "miss", "madam", "madame", "lady"})

#: Capitalised after a name: a thing, not the person. Of these, in a headline that capitalises every word, only those of
#: `MONUMENTS` tell: "Putin House Arrest Threat" is about him.
MONUMENTS = frozenset(
    (
        "tower towers foundation university institute library airport stadium organization organisation hotel hotels "
        "plaza boulevard county township heights casino winery golf airlines"
    ).split()
)
THINGS = MONUMENTS | frozenset(
    (
        "college school schools academy institution center centre museum hospital clinic place building hall arena "
        "field station bridge street st avenue ave road rd drive lane highway freeway parkway square city town village "
        "hill hills beach island islands lake river bay creek mountain mount peak valley forest ridge point springs "
        "port harbor harbour canal dam company corp corporation inc ltd llc plc co group holdings partners ventures "
        "industries enterprises motors steaks vodka resort resorts club theatre theater memorial award awards prize "
        "medal scholarship fellowship trust cup trophy open poll store stores brand cathedral church mosque temple "
        "park gardens garden zoo inn suites ranch farm farms estate mall shuttle mills laboratories labs pharma "
        "pharmaceuticals records studios pictures productions ballroom pier railroad railway metro terminal reservoir "
        "expressway elementary polytechnic conservatory orchestra quartet archive archives bikes cay glacier range"
    ).split()
)
#: Capitalised before a name: a ship, a storm, a place.
BEFORE_THINGS = frozenset(
    (
        "uss hms hmas hmcs ss rms ins mv hurricane typhoon cyclone fort port camp lake mount mt cape point saint san "
        "santa santo los las el rue via plaza calle avenida casa villa hotel operation project"
    ).split()
)
#: A name, and one of these: the office or government, not the person.
OFFICES = frozenset({"administration", "government", "cabinet", "regime", "coalition", "presidency", "premiership"})

#: A word joined to a name that leaves it a mention: anti-Biden, never-Trump.
PREFIXES = frozenset(
    (
        "anti pro never ever ex pre post non un neo ultra half counter mid early late then pan para proto quasi semi "
        "self super all only first one new old former co inter"
    ).split()
)
#: After two joined names: both are meant, "the Merz-Macron summit".
MEETINGS = frozenset(
    (
        "summit talks meeting call debate deal accord agreement pact dinner meetings encounter rivalry feud ticket "
        "campaign administration government coalition alliance era relationship friendship handshake row clash letter "
        "phone axis duo bromance showdown plan statement declaration"
    ).split()
)
#: A name, a hyphen and one of these: "Wang Yi-led" is Wang Yi, "Wang Yi-ting" is not.
SUFFIXES = frozenset(
    (
        "led era style backed like type linked appointed approved ordered brokered aligned allied friendly supported "
        "inspired endorsed run controlled hosted proof proposed created watchers watcher critic critics esque ish "
        "loyal loyalist loyalists nominated picked sponsored negotiated affiliated commissioned centered centred "
        "related dominated made chaired headed free"
    ).split()
)

DAYS_AND_MONTHS = frozenset(
    (
        "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
        "september october november december"
    ).split()
)
#: Peoples, parties, places and the like: capitalised beside a name, but not part of it.
NO_FIRST_NAMES = DAYS_AND_MONTHS | frozenset(
    (
        "american russian chinese korean japanese british english french german italian spanish ukrainian israeli "
        "iranian iraqi indian pakistani turkish polish dutch swedish norwegian danish finnish greek hungarian czech "
        "slovak austrian swiss belgian portuguese brazilian mexican canadian australian african asian european arab "
        "saudi egyptian syrian palestinian lebanese afghan vietnamese thai filipino indonesian malaysian taiwanese "
        "north south east west northern southern eastern western central middle republican democrat democratic "
        "conservative labour labor liberal tory socialist communist green independent republicans democrats "
        "conservatives tories liberals socialists communists maga gop catholic muslim jewish christian protestant "
        "orthodox islamic america russia china korea japan britain england scotland wales ireland ukraine iran iraq "
        "india pakistan turkey poland sweden norway denmark finland greece hungary austria switzerland belgium "
        "portugal spain italy germany brazil mexico canada australia africa asia europe egypt syria lebanon "
        "afghanistan vietnam thailand indonesia malaysia taiwan cuba venezuela argentina colombia chile peru gaza "
        "crimea donbas washington moscow beijing pyongyang seoul tokyo berlin brussels london kyiv kiev tehran "
        "jerusalem ankara delhi davos geneva vienna rome madrid warsaw budapest texas florida california ohio "
        "pennsylvania michigan wisconsin arizona nevada iowa congress senate house parliament kremlin pentagon capitol "
        "nato commons bundestag duma knesset twitter facebook telegram truth social wall street supreme court justice "
        "state union team camp candidate nominee citizen comrade dictator emperor tsar uncle billionaire businessman "
        "strongman big great planet agenda black white christmas easter thanksgiving god fox cnn nbc abc cbs bbc msnbc "
        "reuters"
    ).split()
)
#: Capitalised after a surname, but not part of a name: "Merz Chancellor", "Harris Democrats".
NO_SURNAMES = (
    (NO_FIRST_NAMES - {"justice", "white", "black", "green", "king", "west", "north"})
    | TITLES
    | OFFICES
    | (
        frozenset(
            (
                "doctrine plan effect era agenda tariffs tariff voters supporters allies aide aides adviser officials "
                "official ally critics team cabinet white house campaign summit speech visit victory win says said i "
                "he she we they it who but and or as on in at for to the a an is was will would has had if so that "
                "this when while"
            ).split()
        )
    )
)

#: Words before a name at the beginning of a sentence or in a headline.
COMMON_WORDS = frozenset(
    (
        "a an the and but or nor so yet for if as because since though although while when whenever where wherever why "
        "how what whatever which who whoever whom whose whether unless until till once after before during amid among "
        "amongst against about above across along around at behind below beneath beside besides between beyond by "
        "concerning despite down except from in inside into like minus near of off on onto opposite out outside over "
        "past per plus regarding round than then through throughout to toward towards under underneath unlike up upon "
        "versus vs via with within without not no never ever always often sometimes rarely seldom again also still "
        "even just only both either neither each every all any some many most more much few several such other another "
        "i he she it we they you his her its our their your my me him them us this that these those here there now "
        "today yesterday tomorrow tonight later earlier soon meanwhile moreover however instead indeed perhaps maybe "
        "thus hence otherwise nevertheless nonetheless furthermore afterwards ago later next last first second third "
        "finally initially eventually recently previously currently formerly is was are were be been being am has have "
        "had having do does did done will would can could shall should may might must ought let lets make makes made "
        "get gets got go goes went come comes came take takes took give gives gave say says said tell tells told ask "
        "asks asked call calls called see sees saw seen know knows knew think thinks thought want wants keep keeps "
        "kept help helps stop stops start begin began end ends find finds found put puts run runs ran set sets meet "
        "meets met leave leaves left lead leads led send sends sent bring brings brought buy bought sell sold build "
        "built fight fights fought win wins won lose loses lost hold holds held back backs hit hits cut cuts slam "
        "slams blast blasts rip rips mock mocks vow vows urge urges warn warns press presses block blocks sue sues "
        "drop drops deny denies defy defies face faces fear fears fire fires hail hails join joins judge jury court "
        "courts lawyer lawyers police army voters voter critics aide aides ally allies officials official poll polls "
        "report reports source sources nation nations world people man woman men women child children family families "
        "white black good bad new old young big small great high low long short right wrong true false real top key "
        "major major leading senior former late current ex acting one two three four five six seven "
        "eight nine ten hundred thousand million half both given unlike owing due thanks according based compared "
        "regardless asked told faced pressed backed led driven dear hello yes no oh please ok okay well ending "
        "everybody everyone nobody someone somebody something anything everything nothing anyone few little less least "
        "enough too very quite rather almost nearly peace war trade tax aid deal deals talks talk summit debate rally "
        "vote votes election elections campaign congress senate house government administration media press news book "
        "film video opinion analysis live watch explainer factcheck exclusive breaking update updated editorial "
        "comment podcast photos interview transcript special dozens hundreds thousands millions nobody "
        "term pro anti team inside outside behind love hate stop free save dump elect "
        "impeach lock defend thank blame ban hundreds tens scores crowds protesters supporters lawmakers senators "
        "governors mayors diplomats generals advisers economists historians analysts experts farmers workers "
        "businesses companies banks markets stocks investors students teachers scientists doctors immigrants migrants "
        "refugees veterans soldiers troops rebels iran iraq china russia israel ukraine britain france germany europe "
        "america india japan korea taiwan mexico canada turkey egypt syria gaza nato brussels washington moscow "
        "beijing kyiv tehran seoul tokyo london berlin paris"
    ).split()
)

_GIVEN = (
    # English
    "aaron abigail adam adrian agnes aidan alan albert alec alex alexander alexandra alexis alfred alice alicia alison "
    "allan allen allison alvin alyssa amanda amber amelia amy andrea andrew andy angela angelina anita ann anna anne "
    "annette annie anthony antonia april archie ariana arnold arthur ashley aubrey audrey austin ava avery barbara "
    "barney baron barrett barron barry beatrice beau becky ben benjamin bernard bernice bert beth bethany betsy betty "
    "beverly bianca bob bobby bonnie brad bradley brandon brenda brendan brent brett brian brianna bridget brittany "
    "brooke bruce bryan bryce byron caitlin caleb calvin cameron candace carl carla carlton carmen carol carole "
    "caroline carolyn carrie carter casey cassandra catherine cathy cecil cecilia cedric chad charlene charles charlie "
    "charlotte chelsea cheryl chester chloe chris christian christina christine christopher christy chuck cindy claire "
    "clara clarence clark claude claudia clay clayton cliff clifford clint clinton clyde cody cole colin colleen "
    "connie connor conrad corey cory courtney craig crystal curtis cynthia daisy dale dallas damian damon dan dana "
    "daniel danielle danny daphne darin darlene darrell darren daryl dave david dawn dean deanna debbie deborah debra "
    "declan dee delia denise dennis derek derrick desmond diana diane dianne dick dominic don donald donna doris "
    "dorothy doug douglas drew duane duncan dustin dwayne dwight dylan earl ed eddie edgar edith edmund eduardo edward "
    "edwin eileen elaine eleanor elena eli elijah elizabeth ella ellen ellie elliot elliott elmer elsa elsie elvis "
    "emily emma eric erica erik erika erin ernest esther ethan ethel eugene eunice eva evan eve evelyn felicia felix "
    "fiona florence floyd frances francis frank frankie franklin fred freda frederick gabriel gail gareth garrett gary "
    "gavin gemma gene geoff geoffrey george georgia gerald geraldine gerard gilbert gina ginger gladys glen glenda "
    "glenn gloria gordon grace graham grant greg gregory gretchen guy gwen hailey hank hannah harold harriet harry "
    "harvey hazel heather hector heidi helen henry herbert herman hilary hillary holly hope howard hugh hugo hunter "
    "ian ida ingrid irene iris irving isaac isabel isabella isaiah ivan ivana ivanka ivy jack jackie jackson jacob "
    "jacqueline jade jake james jamie jan jane janet janice jared jasmine jason jay jayden jean jeanette jeff jeffrey "
    "jen jenna jennie jennifer jenny jeremiah jeremy jerome jerry jesse jessica jessie jill jillian jim jimmie jimmy "
    "jo joan joann joanna joanne jodi jody joe joel joey john johnnie johnny jon jonah jonathan jordan joseph "
    "josephine josh joshua joy joyce juan juanita judd judith judy jules julia julian julie juliet julius june justin "
    "kaitlyn kara karen karl karla kate katherine kathleen kathryn kathy katie katrina kay kayla keith kelly kelsey "
    "ken kendra kenneth kenny kent kerry kevin kieran kim kimberly kirk kirsten kristen kristi kristin kristina kurt "
    "kyle lance lara larry laura lauren laurence laurie lawrence leah lee leigh lena leo leon leonard leroy leslie "
    "lester lewis liam lila lillian lily linda lindsay lindsey lionel lisa liz lloyd logan lois lola loretta lori "
    "lorraine louis louise lucas lucia lucille lucy luis luke luther lydia lyle lynn mabel mackenzie madeline madison "
    "maggie malcolm malik mandy marc marcia marcus margaret margarita maria marian marie marilyn marion marjorie mark "
    "marlene marsha marshall martha martin marty marvin mary maryann mason mathew matt matthew maureen maurice max "
    "maxine megan mel melania melanie melinda melissa melody melvin mercedes meredith michael michele michelle mickey "
    "miguel mike mildred miles milton mindy miranda miriam misty mitchell moira molly mona monica monique morgan "
    "morris moses murray myra nadia nancy naomi natalie natasha nathan nathaniel neal ned neil nellie nelson nicholas "
    "nick nicola nicole nigel nina noah noel nora norma norman oliver olivia ollie omar opal oscar otis owen paige pam "
    "pamela pat patricia patrick patsy patti patty paul paula pauline pearl peggy penelope penny percy perry pete "
    "peter phil philip phillip phoebe phyllis preston priscilla quentin quincy rachel ralph ramona randall randy ray "
    "raymond rebecca reed reggie reginald renee rex rhonda rich richard rick rickey ricky rita rob robbie robert "
    "roberta robin rochelle rod rodney roger roland ron ronald ronnie rory rosa rosalind rose rosemary rosie ross "
    "rowan roy ruby rudolph rudy rufus russell rusty ruth ryan sabrina sally sam samantha sammy samuel sandra sandy "
    "sara sarah sasha saul scott sean sebastian seth shane shannon sharon shaun shawn sheila shelby sheldon shelley "
    "shelly sheri sherri sherry shirley sidney simon sofia sonia sonya sophia sophie spencer spike stacey stacy stan "
    "stanley stella stephanie stephen steve steven stewart stuart sue summer susan susanna susie suzanne sybil sydney "
    "sylvia tabitha tamara tammy tanya tara tasha taylor ted teresa terrance terrence terri terry thelma theo theodore "
    "theresa thomas tia tiffany tim timothy tina toby todd tom tommy toni tony tracey traci tracy travis trevor tricia "
    "trina tristan troy tyler tyrone ulysses ursula valerie vanessa velma vera vernon veronica vicki vickie vicky "
    "victor victoria vince vincent viola violet virgil virginia vivian wade wallace wally walter wanda warren wayne "
    "wendell wendy wesley whitney wilbur wilfred willard william willie willis wilma winston woody wyatt yolanda "
    "yvette yvonne zach zachary zoe abbas abdel abdul abdullah ahmad ahmed aisha akie akira alejandro aleksandr "
    "aleksei alessandro alexei alexey alfonso ali alina amir anastasia anatoly anders andre andrei andrej andres "
    "andrzej anil anja ankit annika antoine anton antonio anwar arjun arkady armando arturo ashok astrid atsushi avi "
    "ayesha aziz bashar bayu beatriz benedikt benoit bernd bernardo bilal birgit bjorn bogdan boris brigitte bruno "
    "burak camille carlos catalina cem chiara chidi christoph claudio clemens cristiano cristina daisuke daria dariusz "
    "deniz diego dieter dilma dimitri dinesh dirk djamila dmitri dmitry eiji ekaterina elif emil emilio emine emmanuel "
    "enrique erdem ernesto esra estelle esteban fabien fabio faisal farid fatima federico ferdinand fernando francesca "
    "francesco francisco francois franz fritz fumiko gabriela gennady georg georges gerhard giorgio giorgia giovanni "
    "giulia giuseppe gonzalo gottfried guido guillaume gunther gustav gustavo habib hamid hamza hans hassan heiko "
    "heinrich heinz helga helmut hendrik henri hiroko hiroshi horst hussein ibrahim igor ilya imran ines ingo irina "
    "isabelle ismail ivo jacques jaime jamal javier luc jens jiro joachim joao joaquin jorg jorge jose "
    "josef juana judit julio jurgen kamal karim katarina katerina katja katrin kazuo kemal kenji kenta khalid khaled "
    "kirill klaus konstantin kristina lars leila leonid leopold leticia lorenzo luca luciano ludmila luigi lukas luz "
    "lyudmila magda mahmoud makoto malia malte manuel marcel marcelo marco marek margot mariam mariko marina mario "
    "marisa markus marta masako mateo mathias matteo matthias mauricio maxim mehmet meryem mete mia michel miki "
    "mikhail milan milos mohamed mohammad mohammed muhammad murat mustafa nadezhda naoko narges natalia nicolas nikita "
    "nikolai nikolay nils nina noriko nuri oksana olaf oleg oleksandr olena olga olivier omer orhan osman pablo paolo "
    "pascal pavel pawel pedro petra petro philippe pierre pilar piotr pranab rafael rahul rainer rajesh rajiv ramon "
    "raul ravi reiko reza ricardo riccardo roberto rodrigo roman rosangela ruben ruslan sabine sachiko saddam salman "
    "salvador samir sandeep sanjay santiago sergei sergey sergio shotaro sigrid silvia silvio simone slobodan soren "
    "stefan stefanie svetlana taku takashi takeshi tamar tariq taro tatiana thierry tobias tomas tomoko torsten umar "
    "uwe vadim valentina vasily viktor vladimir volodymyr wolfgang xavier yair yakov yasmin yasser yoko yoshiko "
    "youssef yuki yuko yuri yusuf yves zeynep zsofia zoltan nirav lalit sushil narendra emine bilal necmettin reuven "
    "yonatan benzion sara avner"
)
#: First names; those in `MORE_THAN_NAMES` are also common words, and no sign of a name at a sentence's beginning.
FIRST_NAMES = frozenset(_GIVEN.split())
MORE_THAN_NAMES = frozenset(
    "will may mark grant chase bill rob sue pat drew art gene rich dawn hope joy grace faith sage guy reed ray rose "
    "summer june april august don dick jack josh max rusty sandy penny pearl ruby violet ivy holly daisy hazel iris "
    "opal amber crystal dean earl duke king prince baron clay cliff colt dale glen wade lance miles nick pete spike "
    "buck chuck hunter mason carter taylor tyler frank harry victor victoria paris jordan chad georgia israel austin "
    "dallas virginia florence sydney mercedes saul".split()
)
