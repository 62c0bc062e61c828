"""What buyers, agents and bots say in English: data only. Every line is of our own writing."""

from monitor.simulator.language import Intent, Language, Probe

WORN = ("fashion", "sport")
USED = ("appliance", "digital")

EN = Language(
    intents={
        "stock": Intent(
            asks=(
                ("Is the {item} still in stock?",),
                ("do you have the {item} on stock", "need two of them"),
                ("is the {item} sold out",),
            ),
            answers=(
                "It is in stock and ships today.",
                "There are a few left, it can leave this afternoon.",
            ),
        ),
        "stock_size": Intent(
            asks=(
                ("do you have size {size}",),
                ("Hi, {color} one available?", "in {size}"),
                ("{color} in {size}, any left?",),
            ),
            answers=(
                "Yes, {color} in {size} is in stock and ships today.",
                "{color} in {size} is sold out right now, new stock arrives in about {days} days.",
            ),
            probes=(Probe("Which colour would you like?", ("{color} please", "black", "any, whatever ships first")),),
            goods=WORN,
        ),
        "restock": Intent(
            asks=(("when will the {item} be restocked",), ("missed the last batch", "is there another one coming?")),
            answers=("The next batch arrives in about {days} days, the page has a reminder you can switch on.",),
        ),
        "size": Intent(
            asks=(
                ("I'm {height} cm, what size should I get?",),
                ("does it run small",),
                ("usually wear {size}", "will that fit?"),
            ),
            answers=("It runs true to size, {size} is the one to take.", "I would go for {size}, it sits loosely."),
            probes=(
                Probe("Could you tell me your height and weight?", ("{height} cm, {weight} lbs", "{height}, medium")),
            ),
            goods=WORN,
        ),
        "size_chart": Intent(
            asks=(("is there a size chart",), ("what is the chest width in {size}",)),
            answers=("The size chart is the third picture on the product page, all widths are in it.",),
            goods=WORN,
        ),
        "measures": Intent(
            asks=(("how big is the {item}",), ("will it fit into a small flat", "about a metre of wall")),
            answers=("All measures are in the last picture, the smaller one needs 90 cm.",),
            goods=("home", "appliance"),
        ),
        "discount": Intent(
            asks=(
                ("any discount code?",),
                ("Is {price} the final price",),
                ("do you price match", "saw it cheaper elsewhere"),
            ),
            answers=(
                "There is a 10% welcome code on the home page, it works on this one too.",
                "The price already includes tax and shipping, and the welcome code takes another 10% off.",
            ),
        ),
        "more_pieces": Intent(
            asks=(("is there a discount if I buy three",),),
            answers=("Three or more get 10% off, the cart takes it off by itself.",),
        ),
        "arrival": Intent(
            asks=(("how long does shipping to {city} take?",), ("Can I get it before Friday?", "it's a gift")),
            answers=(
                "Delivery to {city} takes {days} working days.",
                "Orders before 2 pm leave the same day, to {city} it is {days} days then.",
            ),
            probes=(
                Probe("Should it go to a home or to a parcel locker?", ("home", "a parcel locker", "{city}, home")),
            ),
        ),
        "shipping_fee": Intent(
            asks=(("is shipping free",), ("which courier do you use", "and what does it cost")),
            answers=("Shipping is free over 50, below that it is 4.90, by parcel service.",),
        ),
        "fabric": Intent(
            asks=(("what is the {item} made of",), ("Is it machine washable?",), ("will it pill",)),
            answers=(
                "It is 95% cotton and 5% elastane, machine washable at 30 degrees.",
                "Washed at 30 degrees it keeps its shape, the cotton is pre-shrunk and does not pill.",
            ),
            goods=("fashion", "kids", "sport"),
        ),
        "home_material": Intent(
            asks=(("what is the {item} made of",), ("does it smell", "have a baby at home")),
            answers=("The materials are certified and have no smell, a damp cloth is all it needs.",),
            goods=("home",),
        ),
        "baby": Intent(
            asks=(("is it ok for a one year old",), ("from what age can it be used",)),
            answers=("It is made for six months and up, and tested for skin contact.",),
            goods=("kids",),
        ),
        "power": Intent(
            asks=(("how many watts is the {item}",), ("is it loud",)),
            answers=("It takes 800 watts and has a quiet mode for the night.",),
            goods=("appliance",),
        ),
        "warranty": Intent(
            asks=(("how long is the warranty",), ("what if it breaks",)),
            answers=("Two years of warranty, and within 30 days we simply replace it.",),
            goods=USED,
        ),
        "fits_device": Intent(
            asks=(("does it work with an iphone",), ("does the {item} charge by usb-c",)),
            answers=("It works with all current phones and charges by USB-C, the cable is in the box.",),
            goods=("digital",),
        ),
        "skin": Intent(
            asks=(("is the {item} ok for sensitive skin",), ("can I use it while pregnant",)),
            answers=("The formula is mild, try it behind the ear for a day first.",),
            goods=("beauty",),
        ),
        "fresh": Intent(
            asks=(("what is the best before date",), ("how long does it keep once opened",)),
            answers=("It is this month's batch, twelve months sealed and about three once opened.",),
            goods=("snack", "beauty"),
        ),
        "taste": Intent(
            asks=(("is there sugar in the {item}",), ("any additives",)),
            answers=("No sugar added and no preservatives, the full list is on the page.",),
            goods=("snack",),
        ),
        "gift": Intent(
            asks=(("can you gift wrap it",), ("Could you add a card?", "birthday of a friend")),
            answers=("Gift wrapping and a card are free, write the text into the order note.",),
        ),
        "invoice": Intent(
            asks=(("can I get an invoice with VAT",), ("do you issue company invoices?",)),
            answers=(
                "The invoice comes by e-mail with the shipment, company name and VAT number go into the address.",
            ),
        ),
        "return": Intent(
            asks=(("can I return it if I don't like it",), ("who pays for the return?",)),
            answers=("You have 30 days to return it, unused, and the label is free.",),
        ),
    },
    more=(
        "It is all on the product page too.",
        "Ordered today it leaves tonight.",
        "Just write if something is unclear.",
    ),
    openings=("hi", "hello", "Hi there", "anyone there?", "hey"),
    nudges=("?", "hello?", "anyone there?", "still waiting", "are you there", "??"),
    courtesy=(("thanks",), ("thank you",), ("ok thanks",), ("ok", "thank you"), ("great, thanks",), ("👍",)),
    holding=("one moment please", "just a moment", "let me check", "one moment, let me check", "please hold on"),
    promises=(("one moment please, I will get back to you within 10 minutes", 600),),
    greetings=("hi", "hello", "Hi there"),
    closings=("You're welcome, enjoy your day!", "My pleasure, we are here any time.", "You are welcome."),
    sorry=("Sorry for the wait. ", "Thanks for your patience. "),
    welcome=("Welcome to {shop}! Leave your question here, a colleague will be with you shortly.",),
    away=("We are away right now and will answer as soon as we are back.",),
    bot_answers=(
        "Here is what I found about shipping: orders leave within 24 hours.",
        "You can find all measures and materials on the product page.",
        "Returns are free within 30 days.",
    ),
    bot_lost=("Sorry, I did not understand that.", 'I didn\'t get that. Type "agent" to talk to a person.'),
    want_person=("agent", "talk to a human please", "real person"),
    transfer_note=("System: conversation transferred from {a} to {b}",),
    notes=("regular customer", "wants it by Friday, see to it first"),
    bought=("just ordered it", "I placed the order", "paid, please ship soon"),
    bought_answers=("Got it, it goes out today.", "I can see your order, the warehouse is packing it."),
    items={
        "fashion": ("hoodie", "raincoat", "linen shirt", "wool coat"),
        "kids": ("romper", "sun hat", "baby blanket"),
        "home": ("bookcase", "side table", "shoe rack"),
        "appliance": ("kettle", "heater", "humidifier"),
        "beauty": ("day cream", "serum", "sunscreen"),
        "snack": ("nut mix", "green tea"),
        "sport": ("rain jacket", "running shirt", "yoga leggings"),
        "digital": ("earbuds", "power bank", "keyboard"),
    },
)
