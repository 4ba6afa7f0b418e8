"""Closed lists of English words and phrases that the features, the rules and the guard share.

Data, and what writes out its short forms: everything is lower case, no pattern is compiled and no file read here, so that importing this module
costs little. Phrases are written with underscores for spaces where a list is split at spaces.
"""

from __future__ import annotations

from collections.abc import Iterator

# What takes one of these is a verb with its object. No pronouns ("set up it").
BEFORE_OBJECTS: tuple[str, ...] = (
    "a", "an", "the", "this", "these", "those", "my", "your", "our", "his", "their", "its", "any", "some", "each", "every",
)  # fmt: skip
# One row a line: "formal forms = plain forms", optionally "+ words that must follow" (each form is then taken
# with each of the words; DETERMINERS stands for those above); "&" goes on with the row. Its first pair names the habit: where one has rows under both
# headings, "attempting" stands in both. Under "formal" only the formal form may be replaced: the plain one means
# too much else.
_BOTH_WAYS = """
purchased purchasing to_purchase = bought buying to_buy & purchase = buy + DETERMINERS it them
attempting_to attempted_to to_attempt_to = trying_to tried_to to_try_to
ensure ensures ensured ensuring = make_sure makes_sure made_sure making_sure + that
ensure = make_sure + you they we
require requires = need needs + DETERMINERS
inquire inquires inquired inquiring = ask asks asked asking + about
resolve resolves resolved resolving = fix fixes fixed fixing + the_issue this_issue the_problem this_problem problems the this your our
select selects selecting = choose chooses choosing + DETERMINERS
provide provides providing = give gives giving + feedback advice examples context an_example a_summary an_overview information access details insight insights tips suggestions a_list an_explanation a_sense an_idea
to_request requesting = to_ask_for asking_for + a an the your more some
to_determine = to_figure_out + whether if why how what which where
discover discovers discovered discovering = find_out finds_out found_out finding_out + that
eliminate eliminates eliminating = get_rid_of gets_rid_of getting_rid_of + DETERMINERS
tolerate tolerates tolerating = put_up_with puts_up_with putting_up_with + DETERMINERS
establish establishes establishing = set_up sets_up setting_up + a_system a_routine a_process a_team a_meeting a_company a_business a_schedule a_plan a_fund a_committee
encounter encounters encountering = run_into runs_into running_into + issues problems errors any_issues any_problems any_errors a_problem an_issue an_error
omit omits omitted omitting = leave_out leaves_out left_out leaving_out + DETERMINERS
proceed proceeds proceeding = go_ahead goes_ahead going_ahead + with
discuss discusses discussing = talk_about talks_about talking_about + DETERMINERS
you_wish we_wish they_wish = you_want we_want they_want + to
a_significant = a_big + increase decrease difference change improvement impact advantage step part role challenge
frequently = often
perhaps = maybe
with_the_exception_of = except_for
with_the_aid_of = with_the_help_of
in_this_manner in_the_same_manner = in_this_way in_the_same_way
the_majority_of = most_of + the our your these those their
a_wide_range_of a_wide_variety_of = all_kinds_of all_kinds_of
the_remainder_of = the_rest_of
opportunity opportunities = chance chances + to
particularly = especially
typically = usually
investigate investigates investigating = look_into looks_into looking_into + DETERMINERS
seek = get + help advice guidance professional_help professional_advice medical_attention medical_advice
foster fosters fostering = build builds building + trust relationships a_sense a_culture
"""
_FORMAL_ONLY = """
utilize utilizes utilized utilizing utilise utilises utilised utilising = use uses used using use uses used using
to_leverage leveraging = to_use using + DETERMINERS
obtain obtains obtaining obtained = get gets getting got + DETERMINERS permission approval access funding sponsorship information consent
receive receives receiving = get gets getting + DETERMINERS
procure procures procuring = get gets getting + DETERMINERS
assist assists assisting assistance = help helps helping help
commence commences commenced commencing = start starts started starting
initiate initiates initiated initiating = start starts started starting + DETERMINERS
demonstrate demonstrates demonstrating = show shows showing + DETERMINERS
demonstrate demonstrates demonstrating = show shows showing + that how
indicate indicates indicating = show shows showing + that how
retain retains retained retaining = keep keeps kept keeping + DETERMINERS
reside resides resided residing = live lives lived living
to_construct constructed constructing = to_build built building
to_locate locating = to_find finding
to_verify verifying = to_check checking
to_remain will_remain remain_in remain_at remain_on remain_within remains_in remains_at remains_on remains_within = to_stay will_stay stay_in stay_at stay_on stay_within stays_in stays_at stays_on stays_within
attempting_to attempt_to attempts_to = trying_to try_to tries_to
considerably = much + more less faster slower better worse higher lower larger smaller bigger greater longer shorter easier harder cheaper stronger weaker
inform informs informed informing = tell tells told telling + me us you him her them
provide_you_with provides_you_with providing_you_with = give_you gives_you giving_you
provide_us_with provides_us_with provide_them_with provides_them_with = give_us gives_us give_them gives_them
allow_you_to allows_you_to allowing_you_to = let_you lets_you letting_you
allow_us_to allows_us_to allow_them_to allows_them_to = let_us lets_us let_them lets_them
notify notifies notified notifying = tell tells told telling + me us you him her them
endeavoring_to endeavored_to will_endeavor_to = trying_to tried_to will_try_to
endeavouring_to endeavoured_to will_endeavour_to = trying_to tried_to will_try_to
strive_to strives_to strived_to striving_to = try_to tries_to tried_to trying_to
ascertain ascertains ascertained ascertaining = find_out finds_out found_out finding_out + whether how what why
examine examines examined examining = look_at looks_at looked_at looking_at + DETERMINERS
postpone postpones postponed postponing = put_off puts_off put_off putting_off + DETERMINERS
expedite expedites expedited expediting = speed_up speeds_up sped_up speeding_up + DETERMINERS
relocate relocates relocated relocating = move moves moved moving
comprehend comprehends comprehended comprehending = understand understands understood understanding
anticipate anticipates anticipated anticipating = expect expects expected expecting + that
occur occurs occurred = happen happens happened
enhance enhances enhanced enhancing = improve improves improved improving + DETERMINERS
modify modifies modified modifying = change changes changed changing + DETERMINERS
alter alters altered altering = change changes changed changing + DETERMINERS
delve_into delves_into delved_into delving_into = look_at looks_at looked_at looking_at
is_able_to are_able_to = can can
you_are_required we_are_required they_are_required = you_have we_have they_have + to
numerous more_numerous = many greater_in_number
a_large_number_of a_great_number_of = many many
a_small_number_of = a_few
a_small_amount_of = a_bit_of
in_a_manner = in_a_way
a_number_of = several
a_great_deal_of a_multitude_of a_plethora_of = a_lot_of a_lot_of a_lot_of
sufficient a_sufficient_amount_of a_sufficient_number_of = enough enough enough
additional = extra
entire = whole
various = several + factors elements reasons
various = different
beneficial = helpful
crucial more_crucial most_crucial = important more_important most_important
pivotal more_pivotal most_pivotal = important more_important most_important
is_acceptable are_acceptable = is_fine are_fine
difficult more_difficult most_difficult = hard harder hardest
difficulties = problems
incorrect erroneous = wrong wrong
intelligent more_intelligent most_intelligent = smart smarter smartest
wealthy wealthier wealthiest = rich richer richest
lengthy lengthier more_lengthy most_lengthy = long longer longer longest
inexpensive = cheap
rapid more_rapid most_rapid = fast faster fastest
meticulous = careful
complimentary = free
the_optimal = the_best
your_inquiry your_inquiries = your_question your_questions
physician physicians = doctor doctors
beverage beverages = drink drinks
automobile automobiles = car cars
approximately = about
regarding = about + DETERMINERS
regarding = about + how what whether when where
with_regard_to in_regard_to pertaining_to = about about about
currently at_the_present_time at_this_point_in_time = now now now
rapidly = quickly
meticulously = carefully
seamlessly = smoothly
primarily predominantly = mostly mostly
merely = just
solely = only
in_the_near_future = soon
on_a_regular_basis = regularly
on_a_daily_basis = every_day
prior_to = before
subsequent_to = after
in_order_to = to
due_to_the_fact_that owing_to_the_fact_that = because because
despite_the_fact_that in_spite_of_the_fact_that = even_though even_though
in_addition_to = besides
in_close_proximity_to = near
until_such_time_as = until
based_upon depend_upon depends_upon rely_upon relies_upon = based_on depend_on depends_on rely_on relies_on
individuals = people
seek_to seeks_to sought_to seeking_to = try_to tries_to tried_to trying_to
begin begins began beginning = start starts started starting + to by with
opt_for opts_for opted_for opting_for = go_for goes_for went_for going_for
enable_you_to enables_you_to enabling_you_to permits_you_to = let_you lets_you letting_you lets_you
enable_us_to enables_us_to enable_them_to enables_them_to = let_us lets_us let_them lets_them
allow_users_to allows_users_to allowing_users_to enable_users_to enables_users_to enabling_users_to = let_users lets_users letting_users let_users lets_users letting_users
allow_people_to allows_people_to allowing_people_to = let_people lets_people letting_people
has_the_ability_to you_have_the_ability_to we_have_the_ability_to they_have_the_ability_to = can you_can we_can they_can
make_use_of makes_use_of made_use_of making_use_of = use uses used using
is_located_in are_located_in is_situated_in are_situated_in = is_in are_in is_in are_in
is_referred_to_as are_referred_to_as = is_called are_called
advisable_to = best_to
challenging more_challenging most_challenging = hard harder hardest
the_appropriate = the_right
an_essential = a_key + part role step component element tool ingredient aspect skill
a_vital = a_key + part role step component element tool ingredient aspect skill
significant = big + challenges changes differences improvements
a_significant_amount_of a_considerable_amount_of a_substantial_amount_of a_significant_number_of = a_lot_of a_lot_of a_lot_of a_lot_of
a_variety_of a_range_of a_myriad_of = many_different many_different many
a_wide_array_of a_broad_range_of a_diverse_range_of = all_kinds_of all_kinds_of all_kinds_of
highlights underscores highlighting underscoring = shows shows stressing stressing + the_importance the_need
emphasizes emphasizing emphasises emphasising = stresses stressing stresses stressing + the_importance the_need
explores = looks_at + the_relationship the_concept the_idea the_impact the_role the_history the_ways the_theme the_themes themes
illustrate illustrates illustrated illustrating = show shows showed showing + how that why the_point
showcase showcases showcasing = show shows showing + DETERMINERS
depict depicts depicting = show shows showing + DETERMINERS
consult_with consults_with consulting_with = talk_to talks_to talking_to + a your the
possess possesses possessing = have has having + DETERMINERS
acquire acquires acquiring = get gets getting + DETERMINERS
encompasses encompassing = covers covering + DETERMINERS
mitigate mitigates mitigating = reduce reduces reducing + DETERMINERS
mitigate mitigates mitigating = reduce reduces reducing + risk risks
alleviate alleviates alleviating = ease eases easing + DETERMINERS
alleviate alleviates alleviating = ease eases easing + symptoms stress pain
embark_on embarks_on embarking_on = start starts starting + DETERMINERS
refrain_from refrains_from refraining_from = avoid avoids avoiding
take_into_consideration taking_into_consideration = think_about thinking_about + DETERMINERS
delve_deeper_into delves_deeper_into delving_deeper_into = dig_deeper_into digs_deeper_into digging_deeper_into
can_aid_in aids_in = can_help_with helps_with
due_to as_a_result_of = because_of because_of + DETERMINERS
in_the_event_that = if
for_the_purpose_of for_the_purposes_of = for for
thus_far = so_far
as_to_whether = whether
and_therefore and_thus = and_so and_so
whereas = while
albeit = though
upon = on + DETERMINERS
whilst = while
amongst = among
at_the_conclusion_of = at_the_end_of
in_conjunction_with = along_with
"""


def _split(text: str) -> list[str]:
    return [word.replace("_", " ") for word in text.split()]


def _register_rows(lines: str, context: str) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], str]]:
    for line in lines.strip().splitlines():
        formal: list[str] = []
        plain: list[str] = []
        for part in line.split(" & "):
            pair, _, after = part.partition(" + ")
            for forms, side in zip((formal, plain), pair.split(" = "), strict=True):
                forms += _forms(side, after)
        yield tuple(formal), tuple(plain), context


def _forms(side: str, after: str) -> tuple[str, ...]:
    if not after:
        return tuple(_split(side))
    ends = [end for word in _split(after) for end in (BEFORE_OBJECTS if word == "DETERMINERS" else (word,))]
    return tuple(f"{form} {end}" for form in _split(side) for end in ends)


FORMAL_PLAIN: tuple[tuple[tuple[str, ...], tuple[str, ...], str], ...] = (
    *_register_rows(_BOTH_WAYS, ""),
    *_register_rows(_FORMAL_ONLY, "formal"),
)
"""(formal forms, plain forms, context): "" swaps either way, "formal" only from the formal form to the plain one."""

TALK: frozenset[str] = frozenset(
    _split("a_big big a_bit a_lot all_kinds get get_rid_of go go_ahead put_up_with run_into to_figure_out maybe")
)
"""Plain twins, without the words that both end with, that belong to talk: who contracts nothing writes no plain English so."""

# One line a family: British ending, American ending | stems | what may follow (a dot for nothing).
_SPELLING_FAMILIES = """
our or | col fav hon hum lab flav harb neighb rum sav vap arm clam endeav | . s ed ing
our or | behavi od rig vig val splend tum cand ferv demean savi parl | . s
our or | behavi | al ally
our or | fav hon | able ably
our or | fav | ite ites
our or | col flav | ful less
our or | neighb | hood hoods
our or | unfav dishon | able ably
our or | lab | er ers
our or | enam | ed
our or | discol dishon | . ed ing
our or | sav | y
is iz | organ real recogn apolog critic summar emphas priorit optim minim maxim custom final util | e es ed ing
is iz | synthes random civil regular quant polar revolution global formal decentral mesmer symbol colon marginal fertil | e es ed ing
is iz | harmon moistur monet social internal industrial familiar urban mobil steril hospital neutral popular sanit scrutin | e es ed ing
is iz | theor jeopard antagon agon dramat energ equal hypothes idol legal magnet mechan motor national natural parameter | e es ed ing
is iz | patron penal philosoph plagiar pressur privat pulver satir subsid sympath empath tantal terror trivial vandal verbal | e es ed ing
is iz | victim anonym brutal context crystal dehuman fossil homogen human hypnot ideal immortal incentiv individual material | e es ed ing
is iz | metabol moral ostrac oxid polymer radical rational revital sensit stigmat styl system traumat weapon american | e es ed ing
is iz | reorgan desensit destabil demoral overemphas | e es ed ing
is iz | unauthor unrecogn disorgan uncivil unorgan unreal underutil | ed
is iz | random civil regular quant polar global formal colon marginal fertil harmon monet social industrial urban mobil | ation
is iz | steril hospital neutral popular sanit factor legal national natural privat crystal commercial central decentral | ation
is iz | human metabol polymer oxid reorgan real stabil minim maxim categor summar memor | ation
is iz | general standard normal special categor visual character initial author modern stabil memor | e es ed ing
is iz | capital commercial central digital local personal synchron token serial | e es ed ing
is iz | organ optim custom util general standard normal special visual character author local personal | ation
is iz | token serial synchron digital initial final priorit capital modern | ation
is iz | organ | ations ational er ers
lys lyz | ana para cata | e ed ing
lys lyz | ana | er ers
re er | cent theat fib lit kilomet centimet millimet millilit decilit nanomet calib spect lust scept | . s
re er | somb meag | .
ogue og | catal | . s
gu g | catalo | ed ing
ce se | defen offen preten | . s
ll l | cance mode labe trave signa fue leve channe counse tunne jewe dia quarre marve | ed ing
ll l | equa tota peda spira riva unrave shove funne pane swive initia | ed ing
ll l | trave jewe | er ers
ll l | marsha grove shrive rappe penci unlabe mislabe pumme trowe | ed
ll l | counse | or ors
ll l | mode labe | er ers
ll l | marve | ous ously
l ll | enro fulfi insti disti | . s
l ll | enro fulfi insta | ment ments
l ll | ski wi | ful fully
grey gray | . | . s ish ed er est ing
plough plow | . | . s ed ing
mould mold | . | . s y ed ing
smould smold | . | er ers ered ering
moult molt | . | . s ed ing
sceptic skeptic | . | . s al ally ism
"""
_SPELLING_PAIRS = """
towards toward judgement judgment judgements judgments
acknowledgement acknowledgment acknowledgements acknowledgments ageing aging artefact artifact artefacts artifacts
mum mom mums moms maths math centred centered centring centering pyjamas pajamas draughty drafty draughtier draftier draughtiest draftiest cosy cozy cosier cozier cosiest coziest cosily cozily cosiness coziness
moustache mustache moustaches mustaches manoeuvre maneuver manoeuvres maneuvers manoeuvred maneuvered
manoeuvring maneuvering manoeuvrable maneuverable manoeuvrability maneuverability pyjama pajama aluminium aluminum jewellery jewelry yoghurt yogurt yoghurts yogurts omelette omelet
omelettes omelets woollen woolen paediatric pediatric paediatrics pediatrics paediatrician pediatrician paediatricians pediatricians
orthopaedic orthopedic orthopaedics orthopedics encyclopaedia encyclopedia anaemia anemia anaemic anemic anaesthetic anesthetic anaesthetics anesthetics anaesthetist anesthetist
anaesthesia anesthesia oestrogen estrogen foetus fetus foetuses fetuses foetal fetal haemorrhage hemorrhage haemorrhages hemorrhages haemorrhaging hemorrhaging
haemorrhagic hemorrhagic haemophilia hemophilia haematology hematology haematologist hematologist haematoma hematoma
ischaemia ischemia ischaemic ischemic hypoglycaemia hypoglycemia glycaemic glycemic coeliac celiac oedema edema
faeces feces faecal fecal aetiology etiology palaeontology paleontology palaeontologist paleontologist
palaeontologists paleontologists carburettor carburetor carburettors carburetors leukaemia leukemia
gynaecologist gynecologist gynaecologists gynecologists gynaecology gynecology gynaecological gynecological haemoglobin hemoglobin aeroplane airplane aeroplanes airplanes
diarrhoea diarrhea oesophagus esophagus sulphur sulfur sulphuric sulfuric sulphate sulfate sulphates sulfates sulphide sulfide tranquillity tranquility snowplough snowplow
"""


def _spellings() -> Iterator[tuple[str, str]]:
    for line in _SPELLING_FAMILIES.strip().splitlines():
        endings, stems, suffixes = line.split(" | ")
        british, american = endings.split()
        for stem in stems.replace(".", "\0").split():
            for suffix in suffixes.split():
                start, end = stem.strip("\0"), suffix.strip(".")
                yield f"{start}{british}{end}", f"{start}{american}{end}"
    words = _SPELLING_PAIRS.split()
    yield from zip(words[::2], words[1::2], strict=True)


_BRITISH_ALONE = """
metre meter metres meters tyre tire tyres tires programme program programmes programs cheque check cheques checks kerb curb kerbs curbs
licence license licences licenses storeys stories practise practice practises practices practised practiced practising practicing
"""
BRITISH_ALONE: dict[str, str] = dict(zip(_BRITISH_ALONE.split()[::2], _BRITISH_ALONE.split()[1::2], strict=True))
"""British spelling -> the American one, which means other things as well: "a parking meter", "a computer program", "to check"."""

BRITISH_AMERICAN: tuple[tuple[str, str], ...] = tuple(_spellings())
"""(British, American) spellings of one word; no spelling stands on both sides."""

FUNCTION_WORDS: frozenset[str] = frozenset(
    _split("""
a an the this that these those some any each every either neither both all most many much more less few several
enough such other another no not none nor own same it its he she him his her hers they them their theirs we us our
ours you your yours me my mine myself yourself itself himself herself themselves ourselves yourselves who whom whose
which what whatever whichever whoever someone somebody something anyone anybody anything everyone everybody
everything nobody nothing one ones and or but if because as until while though although unless since whether than so
yet whereas of at by for with about against between into through during before after above below to from up down in
out on off over under within without across along among around behind beside besides beyond despite except inside
near onto outside toward towards upon via like unlike am is are was were be been being have has had having do does
did doing done can could shall should will would might must ought cannot let get got make made go goes going here
there where when why how now then again once ever never always often sometimes usually soon later already still just
only even also too very quite rather almost perhaps maybe instead however therefore thus hence moreover furthermore
additionally otherwise meanwhile finally first second third next last lastly overall indeed actually currently
recently generally typically specifically ideally afterwards anyway yes okay ok please thanks thank sorry note
remember consider keep try use make sure see give take it's that's there's here's what's who's let's you're you've
you'll you'd we're we've we'll we'd they're they've they'll they'd he's she's he'll she'll it'll isn't aren't wasn't
weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't mustn't
    """)
)
"""Words that carry grammar, and common first words of a sentence; never a name."""

HEDGES: frozenset[str] = frozenset(
    _split("""
maybe perhaps possibly probably presumably apparently arguably seemingly supposedly roughly somewhat generally
usually typically likely might could seems seem appears appear suggests guess suppose think believe sort_of kind_of
in_my_opinion more_or_less
    """)
)
"""Words and phrases that weaken a claim."""

BOOSTERS: frozenset[str] = frozenset(
    _split("""
very really extremely incredibly absolutely totally completely definitely certainly clearly obviously undoubtedly
surely truly highly super utterly entirely always literally seriously hugely massively amazingly insanely of_course
for_sure by_far
    """)
)
"""Words and phrases that strengthen a claim."""

PROFANITY: frozenset[str] = frozenset(
    _split("""
damn damned dammit goddamn hell crap crappy shit shitty bullshit fuck fucked fucking fuckin wtf ass asshole arse
bloody bugger bollocks bastard bitch piss pissed screwed freaking frigging
    """)
)
"""Swear words, mild ones included."""

NEGATIONS: frozenset[str] = frozenset(
    _split("""
not no never none nobody nothing nowhere neither nor without cannot
    """)
)
"""Words that negate; words that end in "n't" are told by their ending."""

_BARE = (
    "don't doesn't didn't isn't aren't wasn't weren't hasn't haven't hadn't wouldn't couldn't shouldn't i'm i've you're you've you'll "
    "they're they've they'll that's what's there's"
)
BARE = {form.replace("'", ""): form for form in _BARE.split()}
"""What contractions are in chats that leave out the apostrophe ("dont"), where that is no other word ("well", "id", "its", "wont")."""
LEFT_BARE = frozenset([*BARE.values(), "it's", "let's", "he's", "she's", "here's", "can't", "won't"])
"""Contractions that lose their apostrophe when the user writes none; of those that become other words,
the ones that chats write so all the same.
"""

NUMBER_WORDS: frozenset[str] = frozenset(
    _split("""
zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions
billion billions trillion dozen dozens half quarter twice thrice
    """)
)
"""Words that state an amount; "one", "once", "first" and "second" have too many other uses."""
