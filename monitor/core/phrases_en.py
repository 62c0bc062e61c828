"""What the floor says in English, in lower case. See `monitor.core.phrases.Phrases`."""

_NUMBER = r"(?:[0-9]{1,3}|an?|one|two|three|four|five|six|seven|eight|ten|fifteen|twenty|thirty|half an)"
_TIME = rf"(?:{_NUMBER}(?: ?(?:-|to) ?{_NUMBER})? ?(?:seconds?|secs?|minutes?|mins?|hours?|hrs?))"

_LOOKED_UP = (
    r"(?>(?: (?!(?:yes|no|it's|its|it is|we have|we do|is|are|available|because|and it|and we|"
    r"so)\b)[a-z0-9'/-]{1,20}){0,8})"
)

POLITE = (
    r"(?:many |big |great )?(?:thanks|thanx|thank (?:you|u|ya)|thankyou|thx|tks|thnx|ty|tysm|tyvm|cheers)",
    r"(?:okey|okie) dok(?:ey|ie)|o+k+(?:ay|ey|ie|y)?|kk?|oki",
    r"al+right|all right|all (?:good|set|sorted|clear)",
    r"(?:for )?sure(?: thing)?|of course|certainly|absolutely|definitely",
    r"ye[sp]|yeah|yup|ya|right|exactly|correct|indeed|agreed",
    (
        r"(?:very |so |all )?(?:great|cool|perfect|nice|awesome|excellent|wonderful|amazing|good|"
        r"fine|fantastic|super|sweet|brilliant|lovely|helpful)"
    ),
    r"(?:that )?(?:sounds|works|looks) (?:good|great|fine|perfect|for me)|that works|you too",
    r"(?:no|nope|nah)(?=,? (?:thanks?|thank you|that'?s (?:all|it)|all good|i'?m good)\b)",
    r"got it|gotcha|i (?:see|understand|got it)|understood|noted|roger(?: that)?|copy that",
    r"(?:that |it )?makes sense|will do",
    (
        r"no (?:problem|worries|prob)|never ?mind|nvm|np|(?:you'?re|u'?re|ur) (?:the best|great|awesome|welcome)|"
        r"you rock|(?:you are )?welcome"
    ),
    r"bye(?: ?bye)?|good ?bye|good ?night|see (?:you|ya)(?: around| later| soon| then)?|take care|later",
    (
        r"(?:have|enjoy) (?:a|an|your|the) (?:nice|good|great|lovely|wonderful)? ?(?:day|one|"
        r"evening|night|weekend|rest of your day)"
    ),
    (
        r"(?:i |we )?(?:really )?appreciate (?:it|that|your (?:help|time|support)|the help)|"
        r"(?:much |very )?appreciated"
    ),
    (
        r"that(?:'?s| is) (?:all|it|great|perfect|fine|ok|okay|good|cool|awesome|helpful|"
        r"very helpful)|that (?:helps|helped)(?: a lot)?|that was (?:very |really |so )?(?:helpful|great|perfect)"
    ),
    r"lol|haha(?:ha)*|hehe(?:he)*|wow|yay|hooray",
)
POLITE_WITH = (
    r"(?:very|so|too) much|a (?:lot|bunch|ton|million)|again|anyways?|tho|though|then|too|so",
    (
        r"for (?:all )?(?:the|your|ur|that|this)?(?: \w{4,9})? ?(?:help|helping|reply|replying|"
        r"response|answers?|info|information|link|update|support|assistance|time|patience|"
        r"clarification|explanation|tip|advice|service|heads up|quick reply)(?: me)?"
    ),
    r"for (?:everything|that|this|helping(?: me)?|clarifying(?: that)?)",
    r"oh|ah|aha|ooh?|hmm*|uh|um|well|mm+|hey|and|very|really|just",
    r"guys?|all|everyone|everybody|man|mate|bro|buddy|sir|madam|ma'am|dear|team|friend|sweetie|boss|folks|there",
    r"you (?:too|as well|guys|all)",
)
ASKS = (
    (
        r"what(?! an? |ever| you (?:need|can|see|have to)\b| we(?:'re| are| do)\b| makes us|"
        r" i (?:thought|mean)\b)(?:'?s)? \w"
    ),
    r"which (?:one|size|colou?r|model|style|item|version|product|type|country|city|order|day|phone|device)s?\b",
    r"which(?: of (?:our|the|these|those))? \w{1,20} (?:do|does|did|would|is|are|was|will|should|have|can)\b",
    (
        r"(?:when|where|why|who)(?:'?s| (?:do|does|did|is|are|was|were|will|would|can|could|should|"
        r"have|has|exactly)\b)"
    ),
    (
        r"how (?:many|much|long|tall|big|wide|high|deep|heavy|thick|old|far|often|soon|about|"
        r"come|do|does|did|can|could|is|are|would|will|should)\b"
    ),
    (
        r"(?:is|are|was|were|does|did|can|could|would|will) (?:you|u|i|we|it|that|this|there|they|"
        r"he|she|these|those|the|your|my|any|anyone|someone)\b"
    ),
    r"(?:do|have|has|had) (?:you|u|they|these|those|it|we)\b|(?:should|shall|may) (?:i|we|it|they|there)\b",
    r"(?:could|can|would|may|might) (?:you|i|we) (?:please )?(?:have|know|tell|share|send|confirm)\b",
    r"(?:any|anything|anyone) (?:else|idea|ideas|thoughts|questions|other)\b",
    r"(?:do|would) you (?:mind|like|want|prefer|need)\b",
    r"please confirm\b|reply (?:yes|y|1)\b|let me know (?:which|what|whether|how many)\b",
)
HOLDING = (
    (
        r"(?:please |just |wait |hold on |give me |allow me |gimme |need |for )*(?:an?|one|1|a few|"
        r"few|two|a couple(?: of)?|some)(?: more| quick| brief)? (?:moments?|mom?e?nt|mo|ticks?|secs?|seconds?|min|"
        r"minute)(?: please)?(?! (?:ago|walk|drive))"
    ),
    (
        rf"(?:please )?(?:wait|give me|allow me|gimme|hold on|just|need)(?: for| about| like| just|"
        rf" another)? (?:{_TIME}|(?:a few|few|a couple(?: of)?|some)(?: more)? (?:minutes?|mins?|"
        rf"hours?))"
    ),
    (
        r"hold on|hang on|hang tight|bear with (?:me|us)|(?:please )?wait(?: please| a bit|"
        r" a little| a while| for (?:me|us))|please (?:wait|hold)|stand ?by|be patient|brb|just a bit|"
        r"(?:please )?stay (?:online|with me)|(?:give|allow) me (?:some|a little|a bit more) time|"
        r"would you mind (?:waiting|holding)(?: on)?|(?:i'?m )?on it|two ticks|"
        r"(?:i'?m )?almost (?:there|done)|i'?ll be (?:right |back )?with you|be (?:right |back )?with you|"
        r"(?:a few|some|[0-9]{1,2}|several) (?:people|others|customers|buyers) (?:are )?(?:ahead of|before) you"
    ),
    (
        r"(?<![a-z0-9 ])secs?(?= ?(?:$|[^a-z0-9 ]))|(?:calculating|asking|(?:still )?waiting (?:on|for)|"
        r"(?:i'?ve|i have|i) (?:just |already )?asked|"
        r"let me (?!know|suggest|recommend|tell|say|offer|give you|send|explain|see you)[a-z]{2,12}|"
        r"(?:getting|finding|pulling up|grabbing|fetching) (?:that|the|this|it|one|some))"
        + _LOOKED_UP
        + r"|while (?:i|we) (?:check|look|pull|get|find|confirm|ask)"
        + _LOOKED_UP
    ),
    (
        rf"(?:let me|lemme|let us|i'?ll|i will|i'?m|i am|we'll|we will|we're|we are|allow me to|"
        rf"going to|gonna|i'?d need to|i'?d have to|i need to|i have to)"
        rf"(?: just| quickly| go| try to| now| also| be| quick| first|"
        rf" please| gonna| going to| have to| need to){{0,3}} (?:check(?:ing)?|look(?:ing)?|"
        rf"see (?:if|what|whether|how)|find(?:ing)? (?:that |this |it )?out|ask(?:ing)?|"
        rf"confirm(?:ing)?|verify(?:ing)?|double[- ]check(?:ing)?|take a (?:quick |closer )?look|"
        rf"have a (?:quick |closer )?look|investigat(?:e|ing)|dig(?:ging)? in(?:to)?|review(?:ing)?|"
        rf"pull(?:ing)? (?:that |it |this )?up|consult(?:ing)?|get (?:right )?back|get (?:that|this|"
        rf"it) for you|back shortly|right (?:back|with you)|with you|back in|transfer(?:ring)? you|"
        rf"connect(?:ing)? you|pass(?:ing)? (?:you|this|that)|reply|respond|update you|let you know|"
        rf"contact you|come back|reach out to|try (?:it|that|this)|search for|grab|reproduce|"
        rf"test (?:it|that|this)|measure|get (?:you )?(?:someone|somebody|a colleague)){_LOOKED_UP}"
    ),
    r"let me see(?! you)",
    (
        r"(?:checking|looking(?: into| at)?(?! (?:good|great|nice|like|forward|for))|"
        r"investigating|verifying)(?: (?:it|that|this|now|up|in|"
        r"into|on|for|you|your|the|order|stock|right|with|warehouse|team|our|already)){0,6}"
    ),
    r"(?:will|gonna) (?:check|look into|get back|let you know|update you|find out)" + _LOOKED_UP,
    (
        r"(?:someone|an agent|a colleague|our team|my colleague|a specialist|"
        r"a representative) will (?:be with you|get back|contact you|help you|assist you|reply)"
    )
    + _LOOKED_UP,
)
HOLDING_WITH = (
    (
        r"hi|hey|hello|dear|sure|ok(?:ay)?|of course|certainly|no problem|got it|gotcha|alright|"
        r"thanks?|thank you|sorry|apologies|apologize|yep|good (?:morning|afternoon|evening)|"
        r"absolutely|great|understood"
    ),
    (
        rf"(?:with)?in (?:about |the next )?(?:{_TIME}|a (?:few|bit|moment|minute|while)|"
        rf"a few minutes)|shortly|right away|asap|as soon as (?:possible|i can|we can|i know|"
        rf"i have (?:it|news))|right now|right back|soon|momentarily"
    ),
    r"patience|patient|waiting|delay|the wait|(?:that'?s a )?(?:good|great) question",
    r"(?:i'?m |i am )?not (?:100% |entirely |too |quite |so )?sure(?: (?:about|on) (?:that|this)(?: one)?)?",
    r"i (?:don'?t|do not) (?:have|know) (?:that|this)(?: (?:on|off|to) (?:hand|hand\w*|the top of my head))?",
    r"i haven'?t forgotten(?: you)?|and (?:will )?revert(?: shortly| asap)?|noted",
    r"(?:we'?re |it'?s |i'?m )?(?:a bit |very |quite |so |really )?busy(?: (?:at the moment|right now|today|now))?|"
    r"hanging in there|there'?s|there are|almost",
)
EMPTY = (
    (
        r"please|pls|for|you|your|that|this|it|the|an?|me|i|we|us|my|our|and|while|just|so|now|on|"
        r"with|to|of|at|up|as|about|very|much|i'?m|i'?ll|we'?ll|be|am|there|bit|keep|here|then|will|"
        r"if|again|oh|ah|hmm*|um|uh|sir|madam|ma'am|man|mate|all|guys|is|into|also|back|get|can|s|m|"
        r"ll"
    ),
)
ANSWERS = (
    (
        r"yes|no|not|yep|nope|yeah|have|has|had|available|stock|free|ship\w*|sold|can't|cannot|"
        r"don't|doesn't|won't|in stock|deliver\w*|[0-9]+"
    ),
)
GREETING = (
    r"hi+|hell?o+|hey+|heya|hiya|howdy|yo|greetings|good (?:morning|afternoon|evening|day)|hej|morning|evening|gm",
    r"(?:dear|hello|hi) seller|excuse me|ping|sorry to (?:bother|disturb)(?: you)?|(?:a )?quick question",
    r"(?:i have|i'?ve got|can i ask|may i ask|just)(?: you)? a (?:quick )?question",
    r"(?:i )?need (?:some |your )?help|(?:can|could) (?:you|someone|anyone) (?:please )?help(?: me)?(?: out)?",
    r"is (?:this|that) a (?:real person|human|bot)|(?:we|i)(?:'re| are|'m| am) here",
    (
        r"(?:any(?:one|body)|some(?:one|body)) (?:here|there|around|online|home)|(?:are )?(?:you|"
        r"u) (?:there|here|online|around)|is (?:any|some)(?:one|body) (?:here|there|around|available|online)|"
        r"any(?:one|body)"
    ),
    (
        r"how (?:can|may|could|might) (?:i|we) (?:help|assist|be of (?:help|service|"
        r"assistance))(?: you)?(?: out)?(?: with)?(?: today| now)?"
    ),
    (
        r"what (?:can|may) (?:i|we) (?:do for|help|assist)(?: you)?(?: with)?(?: today)?|what(?:'s|"
        r" is) up|how (?:are|r) (?:you|u)(?: doing)?(?: today)?"
    ),
    (
        r"welcome(?: to(?>(?: [a-z0-9&'-]{1,20}){1,5}))?|(?:thanks|thank you) for (?:contacting|"
        r"reaching out(?: to)?|visiting|messaging|your message|choosing|getting in touch|"
        r"chatting)(?: with)?(?>(?: [a-z0-9&'-]{1,20}){0,4})"
    ),
    r"(?:i'?m |i am )?(?:happy|glad|here|pleased) to (?:help|assist)(?: you)?",
    r"nice to meet (?:you|u)|pleased to meet you",
)
GREETING_WITH = (
    r"my name is(?>(?: [a-z0-9'-]{1,20}){1,2})",
    r"(?:this is|i'?m|i am)(?: [a-z0-9'-]{1,20}){1,2}(?: (?:from|with)(?>(?: [a-z0-9&'-]{1,20}){1,4})| here|(?=,))",
    (
        r"there|dear|sir|madam|ma'am|friend|all|guys|everyone|everybody|team|folks|and|again|today|"
        r"man|mate|bro|buddy|seller|hun|hon|love|please"
    ),
)
HOLDING_SIGNS = tuple(
    (  # noqa: SIM905 - a list of them takes a hundred lines
        "mo|sec|min|wait|hold|hang|bear|stand|patient|brb|bit|let|lemme|sure|on it|tick|stay|asking|"
        "calculating|while|almost|with you|ahead of|before you|waiting|asked|getting|finding|pulling|"
        "grabbing|fetching|im |allow|hold|i'|ill|will|am |are |we'|going|gonna|need|have to|looking|checking|"
        "verifying|investigating|just|give me|gimme|few"
    ).split("|")
)
