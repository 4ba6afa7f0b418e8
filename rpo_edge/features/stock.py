"""What answers of models say before and after they say something: stock openers, closers and lead-ins."""

from __future__ import annotations

# Regex sources, read without regard to case. Each is a whole unit with its end mark; longer units come first,
# because the first alternative that matches is taken.
_HELP = (
    r"(?:help|assist)(?: you)?(?: (?:out|today|here))?(?: with (?:that|this|your (?:question|request|email|message"
    r"|draft)))?"
)
_GLAD = r"(?:happy|glad|delighted|pleased|more than happy)"
_YES = r"(?:certainly|sure|sure thing|of course|absolutely|definitely|no problem|gladly)"
_THING = r"(?:draft|version|rewrite|revision|response|reply|answer|summary|email|message|letter|text|post|template)"
_MAIL = (
    r"(?:draft|version|response|reply|email|e-mail|message|(?:(?:cover|complaint|thank-you|resignation|reference|recommendation) )?letter"
    r"|note|text|thread|post|tweet|caption|toast|speech|bio|(?:product )?description|announcement|invitation)"
)
_SENDABLE = r"you (?:could|can|might|may)(?: (?:like|want) to)? (?:send|use|adapt|post|share|copy|paste|start (?:with|from))"
_RULE = r"(?:\s*\n[-*_]{3,}(?=\s|\Z))?"
_LETTER_NEXT = r"(?=\s+(?:\*\*)?(?:subject:|(?:dear|hi|hello)\b[^\n]{0,40},[ \t]*\r?\n)|\s*\Z)"
"""Below a line that leads in a letter; where the line is all there is to look at, what it says decides."""

WISHES: tuple[str, ...] = (
    r"i hope (?:this|my) (?:message|email|note|letter) finds you(?: (?:well|in good (?:health|spirits)))?[!.]",
    r"i hope you(?:['’]re| are) (?:doing|having) [^.!?\n\d]{0,20}(?:well|day|week)[!.]",
)
"""Stock openings of letters, also of one that stands inside an answer."""

OPENERS: tuple[str, ...] = (
    rf"(?:{_YES}[!,.] )?(?:i(?:(?:['’]d| would|['’]ll| will) be| am|['’]m) {_GLAD} to|i can(?: definitely| certainly)?|let me) {_HELP}[.!]",
    rf"{_YES}[!,.] i(?:['’]ll| will) {_HELP}[.!]",
    rf"{_YES}[!,.] here(?:['’]s| is) (?:a|an|the|your"
    rf"|my) (?:[a-z-]{{1,15}},? ){{0,3}}{_THING}(?: [^.!?:\n\d]{{1,60}})?:",
    r"here(?:['’]s| is) (?:a|an|the|your) (?:revised|polished|rewritten|improved|updated|suggested|possible) "
    rf"(?:[a-z-]{{1,15}} ){{0,2}}{_THING}(?: [^.!?:\n\d]{{1,60}})?:",
    r"(?:that['’]s|that is|what) an? (?:really |very |truly )?(?:great|good|excellent|interesting|fantastic|wonderful"
    r"|insightful|"
    r"thoughtful|important) question(?: to ask)?[!.]",
    r"(?:great|good|excellent|interesting|fantastic|wonderful|insightful) question[!.]",
    r"(?:i )?love (?:this|that|the) question!",
    r"what a (?:really )?(?:fun|great|cool|lovely|fantastic|wonderful|fascinating) (?:question|project|idea|topic)!",
    r"(?:great|excellent|good) point[!.]",
    r"(?:great|good|excellent) choice[!.]",
    r"(?:thank you|thanks)(?: (?:so|very) much)? for (?:your|the) (?:great |good |excellent |thoughtful )?(?:question"
    r"|inquiry|query|prompt)[!.]",
    r"(?:thank you|thanks)(?: (?:so|very) much)? for asking(?: (?:that|this))?(?: question)?[!.]",
    r"(?:thank you|thanks)(?: (?:so|very) much)? for (?:providing|sharing) (?:the|this|that|your) (?:information"
    r"|context|details|text|draft)[!.]",
    r"(?:thank you|thanks)(?: (?:so|very) much)? for sharing(?: (?:this|that|it|these))?(?: with me)?[!.]",
    r"(?:thank you|thanks)(?: (?:so|very) much)? for the (?:clarification|additional context|additional information"
    r"|context)[!.]",
    rf"(?:i(?:['’]m| am) here|{_GLAD}) to {_HELP}[.!]",
    r"as an ai(?: language)?(?: model| assistant)?, i (?:don['’]t|do not|can['’]t|cannot) (?:have|hold|form|give"
    r"|offer|express|experience) "
    r"(?:any )?(?:personal )?(?:opinions?|feelings?|emotions?|beliefs?|experiences?|preferences?)"
    r"(?:(?:,| or| and|, or|, and) (?:personal )?(?:opinions?|feelings?|emotions?|beliefs?|experiences?"
    r"|preferences?)){0,3}[.!]",
    r"i(?:['’]m| am) (?:just |only )?an ai(?: language)?(?: model| assistant)?[.!]",
    r"as an ai(?: language)?(?: model| assistant)?, i(?:['’]m| am) here to (?:help|assist)(?: you)?[.!]",
    r"i understand your (?:question|request|concern|concerns)[.!]",
    r"i understand what you(?:['’]re| are) (?:asking|looking for)[.!]",
    r"let(?:['’]s| us) (?:dive|jump|delve|dig)(?: right)? in(?: together)?[!.:]",
    r"let(?:['’]s| us) (?:break (?:it|this|that) down|get started|take a (?:closer )?look|explore (?:this"
    r"|that)(?: together)?)"
    r"(?: step by step)?[!.:]",
    r"let(?:['’]s| us) (?:walk|work|go) through (?:it|this|that)(?: together)?(?: step by step| one step at a time)?[!.:]",
    r"you(?:['’]ve| have) (?:asked|raised) an? (?:great|good|excellent|interesting|important) (?:question|point)[!.]",
    rf"here(?:['’]s| is) (?:an?|one|your) (?:[a-z-]{{1,15}},? ){{0,5}}{_MAIL}(?: (?:that|which))? {_SENDABLE}(?: [^.!?:\n\d]{{1,40}})?:{_RULE}",
    rf"here(?:['’]s| is) (?:an?|one|your) (?:[a-z-]{{1,15}},? ){{0,5}}{_MAIL}(?: (?-i:to|for|asking|requesting|explaining|declining|about)"
    rf"(?-i:(?: [a-z'’-]+){{1,8}}))?:{_RULE}{_LETTER_NEXT}",
    *WISHES,
    r"certainly!",
    r"absolutely!",
    r"of course!",
    r"sure thing!",
    r"sure!",
    r"you got it!",
    r"got it!",
    r"understood!",
)
"""Stock openings of machine answers, matched where the text starts."""

AGREEMENTS: tuple[str, ...] = (
    r"you(?:['’]re| are) (?:absolutely|completely|totally) (?:right|correct)[!.]",
    r"(?:good|great|nice) catch[!.]",
)
"""Stock openings of an answer in a chat; in a letter they say something."""

PRAISE = (
    r"(?:(?:that['’]s|that is|what) an? )?(?:really |very )?(?:great|good|excellent|interesting|fantastic|wonderful"
    r"|insightful|thoughtful) (?:questions?|point|catch)(?: ?[—–] ?| --? )"
    r"|(?:got it|sure(?: thing)?|of course|certainly|absolutely|no problem)(?: ?[—–] ?| --? )(?=here(?:['’]s| is| are)\b)"
)
"""What goes before a clause that says something: "Great question — it depends", "Got it — here's the plan"."""

_QUESTIONS = (
    r"(?:questions?|concerns?|queries|doubts)(?:(?:,| or| and|, or) (?:[a-z]{1,10} )?(?:questions?|concerns?|queries"
    r"|doubts|comments|feedback|issues)){0,2}"
)
_ANY = r"(?:any(?: (?:other|further|more|additional|specific|follow-up)){0,2}|(?:further|more|other|additional|specific))"
_HELPING = r"(?:help|assistance|information|details|clarification|guidance|support|examples)"
_REACH = r"(?:reach out|ask|let me know|get in touch|contact (?:me|us)|message me)"
_WELCOME = r"(?:(?:please |just )?(?:do )?feel free|(?:please )?(?:don['’]t|do not) hesitate)"
_TO_ME = r"(?: to (?:me|us))?(?: (?:at any ?time|any ?time|again))?"
_NEED_ONE = (
    rf"(?:have {_ANY} {_QUESTIONS}(?: (?:about|on|regarding) (?:this|that|any of this|it|the above))?"
    rf"|need {_ANY} {_HELPING}"
    rf"(?: (?:with|on) (?:this|that|anything(?: else)?|it))?|need anything(?: else)?|(?:have|need) more {_HELPING}"
    r"|(?:run into|encounter) any (?:other |further )?(?:issues|problems|trouble|difficulties)(?: along the way)?|get stuck"
    r"|would like (?:me to )?(?:make )?(?:any )?(?:further |more |other |additional )?(?:changes|adjustments|edits"
    r"|tweaks|revisions|modifications"
    r"|details|information|help|clarification|examples)"
    r"|(?:need|want) (?:me to )?(?:make )?any (?:further |more |other |additional )?(?:changes|adjustments|edits"
    r"|tweaks|revisions|modifications))"
)
_ELSE = r"there(?:['’]s| is) anything else (?:i|we) can (?:help|assist|do)(?: you)?(?: with| for you)?"
_NEED = rf"{_NEED_ONE}(?:,? (?:or|and) (?:(?:if )?(?:you )?{_NEED_ONE}|if {_ELSE}))?"

CLOSERS: tuple[str, ...] = (
    r"i (?:really |sincerely |do )?hope (?:this|that|it)(?: (?:information|answer|explanation|guide"
    r"|summary))? (?:helps|helped|was helpful|is helpful"
    r"|is useful|clarifies (?:things|it|this)|clears (?:things|it|this) up"
    r"|answers your questions?)(?: you)?(?: out)?[.!]",
    r"hope (?:this|that|it) helps(?: you)?(?: out)?[.!]",
    rf"(?:(?:i hope (?:this|that) helps[,;—–-]{{1,2}} ?(?:and |but )?(?:please )?(?:let me know|feel free to {_REACH}{_TO_ME})"
    r"|(?:please |just |and )?(?:do )?let (?:me|us) know) if"
    rf"|{_WELCOME} to {_REACH}{_TO_ME} (?:if|should)) you {_NEED}[.!]",
    r"(?:please |just )?let (?:me|us) know if (?:this|that|it) (?:helps|works for you|makes sense"
    r"|is what you were looking for|answers your question)[.!]",
    r"(?:please |just )?let (?:me|us) know if you(?:['’]d| would) like (?:me to )?(?:make )?(?:any )?(?:further "
    r"|more |other |additional )?(?:changes|adjustments"
    r"|edits|tweaks|revisions|modifications|details|information|help|clarification|examples)[.!]",
    r"(?:please |just )?let (?:me|us) know if (?:there(?:['’]s| is) )?anything(?: else)? (?:i|we) can (?:help|assist"
    r"|do)(?: (?:you )?with| for you| to help)?[.!]",
    r"(?:please |just )?let (?:me|us) know how (?:else )?i can (?:help|assist)(?: you)?(?: further)?[.!]",
    rf"{_WELCOME} to {_REACH}{_TO_ME}[.!]",
    r"(?:please |just )?feel free to ask (?:me )?(?:any|more|further|additional|follow-up|any other"
    r"|any further) (?:questions|follow-up questions)[.!]",
    r"(?:please |just )?feel free to (?:adjust|modify|customize|customise|tweak|adapt|edit|personalize"
    r"|personalise) (?:it|this|the (?:draft|text|message|email)) "
    r"(?:as (?:needed|necessary|you see fit)|to (?:fit|suit) your (?:needs|style|preferences))[.!]",
    rf"(?:if|should) you {_NEED}, (?:(?:please )?(?:(?:do )?feel free to|(?:don['’]t|do not) hesitate to|just)? ?{_REACH}{_TO_ME}"
    r"|(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:always )?(?:here to help|happy to help|glad to help|just a message away))[.!]",
    r"is there anything else (?:i|we) can (?:help|assist)(?: you)? with(?: today)?\?",
    r"is there anything else you(?:['’]d| would) like (?:to know|help with|me to (?:help with|change|add))\?",
    rf"do you have {_ANY} {_QUESTIONS}\?",
    r"would you like me to (?:make any (?:changes|adjustments|edits|tweaks|revisions)|adjust (?:the tone|anything)"
    r"|change anything)\?",
    r"would you like (?:more|further|additional|any other|any further) (?:details|information|help|examples"
    r"|clarification)\?",
    r"(?:i(?:['’]m| am)|we(?:['’]re| are)) (?:always )?here (?:to help|if you need (?:me|us|anything"
    r"|help))(?: you)?[.!]",
    r"i(?:['’]m| am) (?:always )?(?:happy|glad) to (?:help|assist)(?: you)?(?: further)?(?: with anything else)?[.!]",
    r"i(?:['’]d| would) be (?:happy|glad) to (?:help|assist|clarify|elaborate|provide more (?:details"
    r"|information))(?: you)?(?: further)?[.!]",
    r"(?:always )?(?:happy|glad) to help(?: (?:further|with anything else))?[.!]",
    r"happy (?:coding|cooking|baking|writing|learning|reading|gardening|programming|hacking|building|debugging)!",
    r"enjoy (?:coding|cooking|baking|writing|learning|your meal|your trip|your (?:coding|writing|learning) journey)!",
    r"remember, i(?:['’]m| am) (?:always )?(?:just a message away|here to help|here for you)[.!]",
    r"(?:please )?note that i(?:['’]m| am) an ai(?: language)?(?: model| assistant)?[.!]",
    r"(?:your )?feedback is (?:always )?(?:welcome|appreciated)[.!]",
)
"""Stock last sentences of machine answers, each matched as a whole sentence."""

CLOSING_HEADINGS = (
    r"next steps?|what(?:['’]s| is) next|need (?:more )?help|(?:any )?questions|let me know|further (?:help|assistance)|want more"
)
"""Headings that go with a closer that is all there is below them."""

# What is offered, in small letters and so without names and numbers; and nothing that writer and reader have in common but the text.
_COMMON = r"(?:we|us|our|ours|my|mine|with me|together|tomorrow|today|tonight|week|weekend|month|morning|afternoon|evening)"
_WORD = rf" (?!{_COMMON}\b)[(\"“]?[a-z][A-Za-z'’/-]*[)\"”]?,?"
_SUCH_AS = rf" \((?:e\.g\.|i\.e\.),?(?: (?!{_COMMON}\b)[a-z][a-z'’/-]*,?){{1,12}}\)"
_REST = rf"(?-i:,?(?:{_WORD}|{_SUCH_AS}){{0,24}})"
_A = (
    r"(?:(?:a|an|any|some|a few|more|further|additional|other|another|deeper|specific|detailed|concrete"
    r"|brief|quick|shorter|longer|simpler|different) ){0,3}"
    rf"(?:(?!{_COMMON}\b)(?-i:[a-z-]{{3,}}) ){{0,2}}"  # "restaurant recommendations"
    r"(?:details?|information|info|examples?|recommendations?|suggestions?|insights?|guidance|analysis|comparison|dive|exploration"
    r"|explanation|analogy|breakdown|summary|overview|resources|tips|strategies|specifics|variations?|versions?|modifications?|changes"
    r"|alternatives?|clarification|advice|instructions|refinements?|adjustments?|edits|tweaks|revisions?|assistance"
    r"|ideas|options|plan|list|comparison table|template|checklist|script|snippet|diagram|chart|guide|walkthrough|recap|itinerary|outline|timeline|quiz"
    r"|help with (?:the|any|each) (?:next|first|other)? ?(?:steps?|parts?|sections?)|help (?:(?:with )?(?:finding|drafting|writing|crafting|putting together)|(?:weighing|implementing|understanding|interpreting|adapting|debugging|refining)"
    r"|with (?:this|that|it|any|anything|doing (?:this|that|it))))\b"
)
_IT = r"(?:it|this|that|these|those|them|any)"
_CLOSER_TO_YOU = (
    r"(?:precise|accurate|specific|tailored|targeted|personali[sz]ed|detailed) (?:[a-z]+ )?"
    r"(?:estimates?|plan|answer|figures?|recommendations?|advice|suggestions?|guidance)\b"
)
_MORE_CODE = r"(?:some |more |basic )?(?:retries|retry logic|(?:unit )?tests|error handling|logging|comments|docstrings|type hints|validation|caching)"
_BETWEEN_US = r"(?:times?|dates?|days?|slots?|places?|venues?|rooms?|people|candidates?|names?)"
_WORK = (  # on the answer itself
    r"(?:(?:further )?(?:(?:expand|elaborate|clarify|explain|refine|adjust|tailor|tweak|revise|rewrite|rephrase|shorten|simplify"
    r"|summari[sz]e|draft|outline|reformat|adapt|customi[sz]e|polish|brainstorm|generate|modify)\b"
    r"|(?:(?:dig|dive) (?:deeper|into)|go (?:deeper|into (?:more|further) detail))\b|walk (?:you )?through"
    rf"|break {_IT} (?:of [a-z ]{{1,20}} )?down|(?:turn|convert|put) {_IT} (?:into|in)|make {_IT} (?:\w+er|more|less|sound|a (?:bit|little)|changes|adjustments)\b"
    rf"|(?:provide|give|share|suggest|add|include|show|create|write|build|prepare|compile) (?:you )?(?:with )?{_A}|help (?:you )?(?:draft|brainstorm|outline)\b"
    rf"|(?:provide|give|share|suggest|create|write|offer) (?:you )?(?:an? )?more {_CLOSER_TO_YOU}"
    rf"|(?:help )?(?:you )?put together (?:an?|some|the)\b|add {_MORE_CODE}\b"
    r"|(?:suggest|recommend|list) (?:you )?(?:(?:some|a few|any|more|other|additional|an?)\b ?){1,2}"
    rf"(?! ?(?:[a-z]+ ){{0,2}}{_BETWEEN_US}\b)"
    r"|(?:show|explain|tell) (?:you )?(?:what|how|why) (?:the|an?|this|that|it|these|those|to|each|one|such)\b"
    rf"|compare (?:the|these|those|them|any|it|this|that)\b|be more (?:specific|precise|concrete|helpful)\b|narrow {_IT} down))"
)
_LET = r"(?:please |and )?(?:just )?(?:feel free to )?let (?:me|us) know"
_ASK = rf"(?:{_LET}|(?:please )?(?:just |(?:do )?feel free to )?(?:ask|reach out))"
_MY_BEST = r"(?:,? and i(?:['’]ll| will) (?:be (?:happy|glad) to|do my best to) (?:help|assist)(?: you)?(?: further)?)?"
_LIKE = r"(?:(?:['’]d| would) (?:like|prefer)| like| want| need)"
_HAPPY = r"(?:(?:i(?:['’]d| would|['’]ll| will) be |i(?:['’]m| am) (?:always )?)?(?:happy|glad) to)"
_HOPE = r"(?:i )?(?:really |do |sincerely )?hope (?:this|that|these|those|it)(?: (?!we\b|can\b|will\b)[a-z]+){0,2}"

_WORDING = (
    r"(?:it|this|(?:the|any|its)(?: (?:overall|specific|exact))? (?:tone|wording|details?|length|style|phrasing|(?:level of )?formality|subject line|greeting"
    r"|closing|draft|letter|email|message|text|template))"
)
_ADAPT = r"(?:adjust|modify|change|customi[sz]e|tweak|adapt|edit|personali[sz]e|swap(?: in| out)?)"
_NO_WISH = r"(?:thanksgiving|wedding|christening|ending|morning|evening|being|spring|king|thing|offspring)"

_CODE = r"(?:it|this|the (?:code|script|function|program|query|formula|example|template))"
_YOUR_NEEDS = r"your (?:(?:own|specific|particular|personal) )*(?:needs|requirements|use case|preferences)"
_ELSE_SPECIFIC = r"(?:anything|something) (?:else|specific|in particular)(?: that)?"
_CLEARER = r"(?:(?:clarify|explain|elaborate on|expand on)\b)"

OFFERS: tuple[str, ...] = (
    rf"(?:please )?feel free to {_ADAPT}(?:,? (?:and|or) (?:{_ADAPT}|expand(?: (?:up)?on)?|extend))? {_CODE}(?! *[.!])(?: further)?"
    rf"(?: as needed)?(?: (?:as per|based on|according to|to (?:better )?(?:fit|suit|match|meet)) {_YOUR_NEEDS})?[.!]",
    rf"(?:would you like|do you want|want) (?:me to {_WORK}|{_A}){_REST}\?\s+{_HAPPY} (?:draft|write|make|put) (?:one|it|that|this)(?: together)?(?: for you)?[.!]",
    rf"is there {_ELSE_SPECIFIC} (?:you (?:need|want|would like) (?:help|assistance) with|i (?:can|could|may|might) (?:help|assist)(?: you)? with)(?: today)?\?",
    rf"is there (?:anything|something)(?: (?:else|specific|in particular))?(?: that)? you(?: want|['’]d like| would like) me to {_CLEARER}{_REST}\?",
    r"does (?:this|that) help (?:you )?(?:understand|clarify|explain) (?:it|this|that|things)(?: better)?\?",
    rf"{_LET} if there(?:['’]s| is) anything else(?: (?:that )?(?:you (?:need|want|would like) (?:help|assistance) with|i can (?:help|assist)(?: you)? with{_REST}))?[.!]",
    rf"{_LET} if there are any (?:other|further|additional) (?:questions(?: i (?:can|could|may|might) (?:help|assist)\b{_REST})?"
    rf"|issues with (?:this|the) (?:code|script|function|program|query|formula)"
    rf"|(?:texts|parts|topics|aspects|areas|sections|points)\b{_REST} you(?:['’]d| would) like (?:me )?to (?:refine|improve|discuss|explore|cover|clarify|explain)\b{_REST})[.!]",
    rf"{_LET} if you (?:need|want) (?:anything|any (?:parts?|steps?|sections?|points?)(?: of (?:this|it|the [a-z]+))?) (?:explained|expanded|clarified)\b{_REST}[.!]",
    rf"{_LET} if you have any (?:other|further|additional) (?:questions? (?:or|and) )?requests?(?: (?:or|and) (?:questions?|concerns?))?{_MY_BEST}[.!]",
    rf"if you have any (?:other|further|additional) (?:questions? (?:or|and) )?requests?(?: (?:or|and) (?:questions?|concerns?))?, {_ASK}{_MY_BEST}[.!]",
    rf"if there(?:['’]s| is) anything else (?:that )?i can (?:help|assist)(?: you)?(?: with)?, {_ASK}[.!]",
    rf"(?:please |just |also )?feel free to {_ADAPT}"
    rf" (?:{_WORDING},? (?:(?:and|or) )?){{0,3}}{_WORDING}(?: further)?"
    r"(?: (?:as (?:needed|necessary|required|you see fit|you like)|(?:so (?:that )?it|to (?:better )?)(?:fits?|suits?|match(?:es)?|reflects?) your"
    r"(?: (?:own|specific|particular|personal))?"
    r" (?:needs|style|preferences|situation|voice|tone|circumstances|requirements)))?[.!]",
    rf"(?:please |just |also )?feel free to {_ADAPT}{_REST},? {_LET} if you{_LIKE} (?:me to {_WORK}|{_A}){_REST}[.!]",
    r"does (?:that|this|it)(?: all)? make sense(?: so far)?\?",
    rf"(?-i:Happy (?!{_NO_WISH})[a-z]{{2,12}}ing!)",
    rf"(?:would you like|do you want|want) me to {_WORK}{_REST}\?",
    rf"shall i {_WORK}{_REST}\?",
    rf"(?:would you like|do you want|want) {_A}{_REST}\?",
    rf"(?:would you like|do you want|want) (?:me )?to (?:(?:dig|dive) (?:deeper|in(?:to)?)|go deeper|see (?:how|what|why|more|an? (?:[a-z]+ )?(?:version|example))|hear more)\b{_REST}\?",
    r"(?:what|which) (?:part|section|aspect|one|option|area|topic|step|point|of (?:these|those|them|the [a-z]+))s?"
    rf" (?:would|do) you (?:like|want)(?: me)? to (?:explore|expand|dig|dive|focus|cover|go into|discuss|know more|hear more)\b{_REST}\?",
    rf"curious (?:about (?:anything|any|something)|how|what|why)\b{_REST}\?",
    rf"(?:just )?say the word(?:,? and i(?:['’]ll| will| can) {_WORK}{_REST}|,? and i(?:['’]ll| will) draft it)?[.!]",
    rf"i can (?:also )?{_WORK}{_REST},? if (?:you(?:['’]d like| would like| like| want| need| prefer)(?: me to| one| it| that| them)?|needed|(?:it|that) (?:helps|would help))[.!]",
    rf"i can also {_WORK}{_REST}[.!]",
    r"(?:please )?feel free to personali[sz]e (?:it|this|the (?:draft|note|letter|email|message|text))"
    rf"(?: (?:with|by|to)\b{_REST})?[.!]",
    r"(?:is there|was there) (?:anything|something)(?: (?:else|specific|in particular|more|particular))?(?: (?:that|which))?"
    r" you(?:['’]d| would) (?:like|care|love) (?:(?:me )?to (?:know|learn|explore|discuss|cover|add|change|adjust|clarify|explain|go (?:over|into|through)|help)"
    rf"|help with)\b{_REST}\?",
    rf"would you like to (?:know|learn) more(?: (?:about|on) (?:any|this|that|these|those|it|its|how|specific|the)\b{_REST})?\?",
    rf"would you like to explore (?:any|specific|one of|an? (?:specific|particular|different|related))\b{_REST}\?",
    rf"if you{_LIKE}(?: me to {_WORK}{_REST}| {_A}{_REST}| it)?, (?:i (?:can|could)|{_HAPPY}) (?:also )?{_WORK}{_REST}[.!]",
    rf"if you{_LIKE} (?:me to {_WORK}|{_A}){_REST},? {_ASK}[.!]",
    rf"(?:however, )?if you (?:have {_ANY} {_QUESTIONS}|need {_A}){_REST},?"
    rf" (?:{_ASK}(?: (?:me|how i can help|for help))?{_MY_BEST}|i(?:['’]m| am) here to help)[.!]",
    rf"(?:(?:if you|(?:please )?feel free to) )?(?:let me know|tell me|share) (?:(?:a (?:bit|little) )?more about |a (?:bit|little) about )?(?:your|which|what)\b{_REST},? (?:and )?"
    rf"(?:i (?:can|could)|i['’]ll|i will|{_HAPPY}) (?:also )?(?:be able to )?{_WORK}{_REST}[.!]",
    rf"{_LET} if you{_LIKE} (?:me to {_WORK}|{_A}){_REST}[.!]",
    rf"{_LET} if there(?:['’]s| is) (?:anything|something) (?:else |specific |in particular )?(?:that )?"
    rf"(?:you(?:['’]d| would) like (?:(?:me )?to (?:know|hear|learn|explore|discuss|add|change|adjust|clarify|explain|cover)|(?:help|assistance) with)|i (?:can|could) (?:help|clarify|explain|add|answer))\b{_REST}[.!]",
    rf"i(?:['’]d| would) be (?:happy|glad) to (?:provide|offer|share|give|go into) (?:you )?(?:with )?{_A}{_REST}[.!]",
    rf"{_LET} if you have {_ANY} {_QUESTIONS}{_REST}{_MY_BEST}[.!]",
    rf"{_LET} if (?:anything|any (?:part|step|section|point|piece)s?|any of (?:this|these|it|the [a-z]+)){_REST}"
    rf" (?:needs?|requires?|is unclear\b|(?:is not|isn['’]t) clear\b){_REST}[.!]",
    r"just let me know[.!]",
    rf"{_HAPPY} (?=[^.!?]*\b(?:further|more|additional|deeper|if|any)\b){_WORK}{_REST}[.!]",  # "happy to draft the agenda" is a promise
    rf"{_HOPE} help(?:s|ed)?(?: (?:you|to|clarify|explain)\b{_REST})?[.!]",
    rf"{_HOPE} (?:clarif(?:y|ies)|clears? up|(?:gives?|provides?) (?:you )?an? (?:better|clearer) (?:idea|picture|understanding)\b){_REST}[.!]",
    rf"{_HOPE} (?:(?:is|are|was|were) (?:helpful|useful)"
    r"|answers? your questions?|meets? your (?:needs|requirements|expectations))[.!]",
)
"""Stock last sentences of answers that offer more, each as a whole sentence; in a letter they may be meant."""

_IMPORTANT = r"(?:important|worth|essential|crucial|vital|helpful|useful|necessary|imperative|critical)"
_NOTE = (
    r"(?:to |also )*(?:note|remember|keep in mind|bear in mind|understand|recogni[sz]e|reali[sz]e|noting|remembering|keeping in mind|bearing in mind|mentioning"
    r"|pointing out)"
)
_CLAUSE_NEXT = (  # "Remember that day?", "note that in your reply" go on with something else
    r"(?=(?:(?:i|you|he|she|it|we|they|there)(?:['’]\w+)? \w|(?:the|an?|this|these|those|my|your|our|his|her|their|its|all|any|some|most|many|no) \w+ [\w'’]+ \w"
    r"|(?:if|when|while|although|in|for|with|as) [^.!?\n]*, \w"
    r"|[a-z-]+s (?:\w+ )?(?:is|are|was|were|do|does|did|can|may|might|will|would|should|have|has|must|could|cannot)(?:n['’]t)? \w))"
)

_VERB_NEXT = (  # of what is important, "that" begins a clause, if there is any verb
    r"(?=(?!\w+[,;)])[^.!?\n]*\b(?:is|are|was|were|do|does|did|can|cannot|may|might|will|would|should|has|have|had|must|could|also|often|always)\b)"
)

LEAD_INS: dict[str, tuple[str, ...]] = {
    "announcement": (
        rf"it(?:['’]s| is)(?: also| always)? {_IMPORTANT}(?: also)? {_NOTE} that (?:{_CLAUSE_NEXT}|{_VERB_NEXT})",
        rf"it (?:should|must)(?: also)? be (?:noted|mentioned|pointed out|remembered) that (?:{_CLAUSE_NEXT}|{_VERB_NEXT})",
        rf"(?:please )?(?:also )?(?:note|remember|keep in mind|bear in mind) that {_CLAUSE_NEXT}",
        rf"(?:please )?remember, {_CLAUSE_NEXT}",
        r"needless to say, ",
        rf"it goes without saying that {_CLAUSE_NEXT}",
        r"(?:sure|certainly|of course|absolutely|definitely), (?=here\b|below\b|let (?:me|us)\b)",
        r"as an? (?:(?:ai|artificial intelligence)(?: language)?(?: model| assistant| chatbot)?|large language model), (?=i\b|my\b)",
    ),
    "conclusion": (
        r"in (?:conclusion|summary), ",
        rf"to (?:sum up|summari[sz]e|conclude), {_CLAUSE_NEXT}",
        r"(?:overall|all in all), ",
    ),
    "addition": (r"(?:additionally|furthermore|moreover|in addition), ",),
}
"""What a sentence may begin with before it says anything, by feature. That it sums up or adds something, its place says."""
